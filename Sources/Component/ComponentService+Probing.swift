package import Accounts
package import Configuration
internal import Supervision
package import XMPP

extension ComponentService {
    /// What the server of a host has granted on this connection.
    package func grants(of host: String) -> HostGrants {
        connection.status == .connected ? servers.grants[host] ?? HostGrants() : HostGrants()
    }

    /// By host, what the server has granted. Without a connection nothing is.
    package var presentGrants: [String: HostGrants] {
        connection.status == .connected ? servers.grants.all : [:]
    }

    /// What the module in the server of a host has said of itself on this connection.
    package func module(of host: String) -> KnownModule? {
        connection.status == .connected ? servers.modules[host] : nil
    }

    /// By host, what modules have said of themselves. Without a connection there are none.
    package var presentModules: [String: KnownModule] {
        connection.status == .connected ? servers.modules.all : [:]
    }

    /// The present provider of a host's accounts.
    package func accounts(of host: HostConfiguration) -> any Accounts { servers.accounts(of: host) }

    /// Asks the server of a host what it allows us. No account is made by it.
    ///
    /// - Parameter timeout: How long each of the answers may take; there are ten at most, one after the other.
    /// - Throws: ``RequestError/disconnected`` without a connection, and nothing else.
    package func probe(
        _ host: String, timeout: Duration = .seconds(5)
    ) async throws(RequestError) -> HostProbe {
        let configuration = registry[host]?.configuration ?? HostConfiguration(host: host)
        guard let server = servers.server(of: configuration, timeout: timeout) else { throw .disconnected }
        let offered = await server.ask(.set(CommandRequest(node: Namespaces.addUserCommand).element))
        if case .success(let payload?) = offered, let response = CommandResponse(payload),
            response.status == .executing, !response.sessionID.isEmpty
        {
            let cancel = CommandRequest(
                node: Namespaces.addUserCommand, action: .cancel, sessionID: response.sessionID)
            _ = await server.ask(.set(cancel.element))
        }
        if case .failure(.timeout) = offered {} else { await probeDelegation(of: server.host, timeout) }
        if offered == .failure(.disconnected) { throw .disconnected }
        let grants = grants(of: host)
        // An account that does not exist: if that can be determined, so can the existence of others.
        let accounts = servers.accounts(of: configuration, timeout: timeout)
        let existence: HostProbe.Finding =
            switch await accounts.existence(of: servers.absentUsername()) {
            case .absent: .yes
            case .present: .no("the server has an account of any name")
            case .unknown(let why): .unknown(why)
            }
        return HostProbe(
            addUser: .init(addUserBesides: accounts.abilities, configuration.accounts)
                ?? .init(addUser: offered, grants: grants, hasAdmin: server.admin != nil),
            commands: module(of: host)?.has(.commands) == true ? .yes : .init(commands: grants, asked: offered),
            knowsAccounts: existence)
    }

    /// Sends the host a command as one of its clients would. Where the server delegates commands it is sent to us,
    /// which the router notices; then we refuse it, since the sender is no user of the host.
    private func probeDelegation(of host: JID, _ timeout: Duration) async {
        guard let prober = Self.prober(of: settings) else { return }
        let command = CommandRequest(node: Namespaces.inviteCommand).element
        _ = try? await connection.request(
            IQ(from: prober, to: host, id: "", body: .set(command)), timeout: timeout)
    }
}
