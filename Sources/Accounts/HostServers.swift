package import Configuration
internal import Synchronization
package import XMPP

/// The servers of all hosts: what they have said on the present connection, and how each is asked to do something for its
/// accounts.
package final class HostServers: Sendable {
    package let grants = Grants()
    package let modules = ServerModules()
    private let link = Mutex<Link?>(nil)
    /// Draws the name of an account that does not exist.
    package let absentUsername: @Sendable () -> String
    private let uptime: @Sendable () -> Int64
    /// When the connection was made, in milliseconds.
    private let connectedAt = Mutex<Int64?>(nil)
    private let connectionCount = Mutex(0)
    /// When modules were found to be gone, by host, in milliseconds.
    private let lostModules = Mutex<[String: Int64]>([:])
    private let noticeLoss: @Sendable (_ host: String, _ reason: String) -> Void

    /// How servers are reached.
    package struct Link: Sendable {
        package let isConnected: @Sendable () -> Bool
        package let request: ServerRequest
        package let send: @Sendable (Message) -> Bool

        package init(
            isConnected: @escaping @Sendable () -> Bool, request: @escaping ServerRequest,
            send: @escaping @Sendable (Message) -> Bool
        ) {
            self.isConnected = isConnected
            self.request = request
            self.send = send
        }
    }

    /// For so long after the connection is made a server may not have said all of what it lets us do.
    private static let introduction: Int64 = 10_000

    /// - Parameters:
    ///   - uptime: Milliseconds of a monotonic clock.
    ///   - absentUsername: Draws the name of an account that does not exist.
    ///   - noticeLoss: Called when a host's module is found to be gone.
    package init(
        uptime: @escaping @Sendable () -> Int64, absentUsername: @escaping @Sendable () -> String,
        noticeLoss: @escaping @Sendable (_ host: String, _ reason: String) -> Void
    ) {
        self.uptime = uptime
        self.absentUsername = absentUsername
        self.noticeLoss = noticeLoss
    }

    /// Sets how servers are reached, once there is a connection.
    package func attach(_ new: Link) { link.withLock { $0 = new } }

    /// Discards what another server, or the same one before its restart, announced on an earlier connection.
    package func connected() {
        connectedAt.withLock { $0 = uptime() }
        connectionCount.withLock { $0 += 1 }
        grants.reset()
        modules.reset()
        lostModules.withLock { $0 = [:] }
    }

    /// How many connections there were, this one included.
    package var connections: Int { connectionCount.withLock { $0 } }

    private var isIntroducing: Bool {
        connectedAt.withLock { $0 }.map { uptime() - $0 < Self.introduction } ?? true
    }

    /// Whether the module of a host was lost so recently that it may only be reloading.
    private func isAwaited(moduleOf host: String) -> Bool {
        lostModules.withLock { $0[host] }.map { uptime() - $0 < Self.introduction } ?? false
    }

    /// Asks a server.
    package func request(_ iq: IQ, _ timeout: Duration) async -> Result<Element?, RequestError> {
        guard let link = link.withLock({ $0 }) else { return .failure(.disconnected) }
        return await link.request(iq, timeout)
    }

    /// The server of a host, as it is asked about it; `nil` without a connection.
    package func server(of host: HostConfiguration, timeout: Duration) -> HostServer? {
        guard let link = link.withLock({ $0 }), link.isConnected(), let address = try? JID(host.host) else {
            return nil
        }
        let admins = host.admins.filter { $0.domain == host.host }
        return HostServer(
            address, request: link.request, grants: { self.grants[host.host] ?? HostGrants() },
            admin: admins.min { $0.description < $1.description }, timeout: timeout)
    }

    /// What makes the accounts of a host: what its configuration says, and with `auto` the module where the server has it.
    ///
    /// - Parameter timeout: How long one answer may take.
    package func accounts(of host: HostConfiguration, timeout: Duration = .seconds(10)) -> any Accounts {
        if host.accounts == .none { return othersAccounts(of: host, timeout) }
        guard let link = link.withLock({ $0 }), let server = server(of: host, timeout: timeout) else {
            return UnavailableAccounts("there is no connection to the server", isForGood: false)
        }
        let module = modules[host.host]
        if host.accounts != .commands, let module, module.isCompatible, host.accounts == .module || module.makesAccounts
        {
            return ModuleAccounts(module, timeout: timeout, request: request(of: module, host.host, link))
        }
        if host.accounts == .module {
            return UnavailableAccounts(
                module?.mismatch ?? "the server has not said that it has the module", isForGood: false)
        }
        // The module may be about to say hello: what is done by commands passes the server's rules by.
        if host.accounts == .auto, isIntroducing || isAwaited(moduleOf: host.host) {
            return UnavailableAccounts(Self.hasNotSaidYet, isForGood: false)
        }
        let known = grants[host.host] ?? HostGrants()
        return CommandAccounts(
            server, grants: known, isIntroducing: isIntroducing, absentUsername: absentUsername, send: link.send)
    }

    /// For a host whose accounts others make. The server's module is still asked about invites that it redeems: whether
    /// there is an account, contacts, notices.
    private func othersAccounts(of host: HostConfiguration, _ timeout: Duration) -> any Accounts {
        guard let link = link.withLock({ $0 }), link.isConnected(), let module = modules[host.host], module.isCompatible
        else { return UnavailableAccounts("`accounts` is none", isForGood: true) }
        return ModuleAccounts(
            module, timeout: timeout, makesAccounts: false, request: request(of: module, host.host, link))
    }

    /// Asks a module. If the answer means that there is none any more, it is forgotten until its next hello: modules do
    /// not announce that they are unloaded.
    private func request(of module: KnownModule, _ host: String, _ link: Link) -> ServerRequest {
        { [weak self] iq, timeout in
            let answer = await link.request(iq, timeout)
            guard case .failure(.refused(let error)) = answer, Self.meansNoModule(error, to: iq),
                let self, modules.forget(module, of: host)
            else { return answer }
            lostModules.withLock { $0[host] = self.uptime() }
            noticeLoss(host, "\(error)")
            return answer
        }
    }

    /// ejabberd answers `item-not-found` at the address of an unloaded module. Modules use it for unknown accounts, but
    /// not in answers to `exists`, which is the only `get` (`docs/server-module.md` §8).
    private static func meansNoModule(_ error: StanzaError, to iq: IQ) -> Bool {
        if case .get = iq.body, error.condition == .itemNotFound { return true }
        return error.meansNoModule
    }

    /// Whether accounts of a host are to be made by the module, of which the server has said nothing though it had the time.
    package func misses(moduleOf host: HostConfiguration) -> Bool {
        guard host.accounts == .module, link.withLock({ $0 })?.isConnected() == true, !isIntroducing else {
            return false
        }
        return modules[host.host]?.isCompatible != true
    }

    static let hasNotSaidYet = "the server has not said yet what it lets us do"
}

extension KnownModule {
    /// Whether it does all that an account needs; with less, the commands may do more.
    fileprivate var makesAccounts: Bool { has(.accounts) }
}
