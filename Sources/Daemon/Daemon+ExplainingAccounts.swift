internal import Accounts
internal import Component
package import Configuration
internal import XMPP

/// The provider of a host's accounts, and what would enable it to do more.
extension Daemon {
    func explainModule(_ module: KnownModule?) -> Explanation {
        guard let module else {
            let isConnected = component.report.status == .connected
            return Explanation(
                "module", isConnected ? "none" : "unknown",
                because: isConnected
                    ? "the server has not said that it has one; its log says why, where it did not load"
                    : "the server tells it when the connection is made")
        }
        let name = "\(module.hello.module) in \(module.hello.server)"
        if !module.isCompatible { return Explanation("module", "\(name): not used", because: module.mismatch) }
        let features = module.hello.features.map(\.rawValue).sorted().joined(separator: ", ")
        let can = features.isEmpty ? "it can do nothing" : "it can do: \(features)"
        return Explanation("module", name, because: ([can] + module.hello.limits).joined(separator: "; "))
    }

    func explainAccounts(
        of configuration: HostConfiguration, _ status: HostStatus, _ origins: Origins
    ) -> Explanation {
        func explanation(_ because: String) -> Explanation {
            Explanation(
                "accounts", status.accounts.provider.rawValue, because: because, origin: origins[.accounts])
        }
        switch status.accounts.provider {
        case .module:
            let missing = ServerModule.Feature.allCases.filter { status.module?.has($0) == false }.map(\.rawValue)
            return explanation(
                missing.isEmpty
                    ? "the module in the server makes them, and does all that follows"
                    : "the module in the server makes them; it lacks: \(missing.joined(separator: ", "))")
        case .commands:
            let lacking = lacking(of: configuration, status).joined(separator: "; ")
            return explanation(
                "commands for admins make them (XEP-0133), where the server lets the daemon, which `grants "
                    + "\(configuration.host) --probe` asks: \(lacking). Our module in the server does all")
        case .none: return explanation(lacking(of: configuration, status).joined(separator: "; "))
        }
    }

    /// What is not done for the accounts of a host, and what to configure so that it is: with the module that we have there is
    /// nothing.
    package func lacking(of configuration: HostConfiguration, _ status: HostStatus) -> [String] {
        switch status.accounts.provider {
        case .module:
            return ServerModule.Feature.allCases.filter { status.module?.has($0) == false }.map {
                "the module has no `\($0.rawValue)`"
            }
        case .commands where configuration.accounts == .auto && status.module?.isCompatible == true:
            return ["the module makes no accounts: \(status.module?.hello.limits.joined(separator: "; ") ?? "")"]
        case .commands:
            var lacking = ["nothing of the server's own rules is kept", "no client redeems an invite by itself"]
            if configuration.accounts == .auto, status.module == nil {
                lacking.insert("there is no mod_invited (the server's log says why, where it did not load)", at: 0)
            }
            if !status.accounts.setsContacts {
                lacking.append("no contacts are made: Prosody can grant `roster = \"both\"` (mod_privilege)")
            }
            if status.grants.privilege?.permissions.contains(where: { $0.access == "message" }) != true {
                lacking.append(
                    "notices come from \(settings.component.jid): Prosody can grant `message = \"outgoing\"` (mod_privilege)"
                )
            }
            return lacking
        case .none where configuration.accounts == .none:
            let rest = status.accounts.knowsAccounts ? "; the module in the server is asked for the rest" : ""
            return ["`accounts` is none: users' invites let nobody register\(rest)"]
        case .none where component.servers.misses(moduleOf: configuration):
            return ["the server has not said that it has the module; until then users' invites let nobody register"]
        case .none:
            return [
                component.report.status == .connected
                    ? "the server has not said yet what it lets the daemon do" : "there is no connection to the server"
            ]
        }
    }
}
