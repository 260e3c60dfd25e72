package import Invites
import Text
import XMPP

extension HostConfiguration {
    /// Why the host cannot have its service address, by the rules that ``HostConflicts`` has for files; `nil` when it
    /// can.
    ///
    /// - Parameters:
    ///   - hosts: The names of all hosts.
    ///   - owner: The host that has the address now.
    ///   - component: The component's own address.
    package func serviceAddressMistake(
        among hosts: some Sequence<String>, owner: String?, component: String
    ) -> String? {
        guard let serviceAddress else { return nil }
        let address = serviceAddress.quoted
        let name = JID.unicodeDomain(serviceAddress)
        if name == JID.unicodeDomain(host) {
            return "\(address) is the host itself; a service address is a domain of its own"
        }
        if hosts.contains(where: { JID.unicodeDomain($0) == name }) { return "\(address) is a host of its own" }
        if name == JID.unicodeDomain(component) { return "\(address) is the component's own address" }
        if let owner, owner != host { return "\(address) is already the service address of \(owner.quoted)" }
        return nil
    }

    /// Why the host cannot have its base, by the rules that ``HostConflicts`` has for files; `nil` when it can.
    ///
    /// - Parameters:
    ///   - web: The base of all hosts' pages.
    ///   - owner: The host that has pages at that name now.
    package func baseMistake(web: BaseURL?, owner: String?) -> String? {
        guard let base = pages.baseURL else { return nil }
        if base.authority == web?.authority { return "\(base.authority.quoted) is where all hosts' pages are" }
        if let owner, owner != host {
            return "\(base.authority.quoted) is already where the pages of \(owner.quoted) are"
        }
        return nil
    }

    /// The message about a base that a host has which the caller does not see.
    package static let takenBase = "this name is taken"

    /// The message about a service address that a host has which the caller does not see. It names nothing: the address
    /// may be such a host itself.
    package static let takenServiceAddress = "this service address is taken"
}
