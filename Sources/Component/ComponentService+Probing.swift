internal import Configuration
internal import Supervision
package import XMPP

extension ComponentService {
    /// What the server of a host has granted on this connection.
    package func grants(of host: String) -> HostGrants {
        connection.status == .connected ? router.grants[host] ?? HostGrants() : HostGrants()
    }

    /// By host, what the server has granted. Without a connection nothing is.
    package var presentGrants: [String: HostGrants] {
        connection.status == .connected ? router.grants.all : [:]
    }

    /// Asks the server of a host what it lets us do. No account is made by it.
    ///
    /// - Parameter timeout: How long each of the answers may take; there are five at most, one after the other.
    /// - Throws: ``RequestError/disconnected`` without a connection, and nothing else.
    package func probe(
        _ host: String, timeout: Duration = .seconds(5)
    ) async throws(RequestError) -> HostProbe {
        guard connection.status == .connected, let address = try? JID(host) else { throw .disconnected }
        let admins = registry[host]?.configuration.admins ?? []
        let admin = admins.filter { $0.domain == host }.min { $0.description < $1.description }
        let server = HostServer(
            connection: connection, host: address, grants: { self.grants(of: host) }, admin: admin, timeout: timeout)
        let offered = await server.ask(.set(CommandRequest(node: Namespaces.addUserCommand).element))
        if case .success(let payload?) = offered, let response = CommandResponse(payload),
            response.status == .executing, !response.sessionID.isEmpty
        {
            let cancel = CommandRequest(
                node: Namespaces.addUserCommand, action: .cancel, sessionID: response.sessionID)
            _ = await server.ask(.set(cancel.element))
        }
        if case .failure(.timeout) = offered {} else { await probeDelegation(of: address, timeout) }
        if offered == .failure(.disconnected) { throw .disconnected }
        let grants = grants(of: host)
        return HostProbe(
            addUser: .init(addUser: offered, grants: grants, hasAdmin: admin != nil),
            commands: .init(commands: grants, asked: offered))
    }

    /// Sends the host a command as one of its clients would. Where the server delegates commands it comes back to us, which
    /// the router notices; then we refuse it, since nobody of the host asks.
    private func probeDelegation(of host: JID, _ timeout: Duration) async {
        guard let prober = Self.prober(of: settings) else { return }
        let command = CommandRequest(node: Namespaces.inviteCommand).element
        _ = try? await connection.request(
            IQ(from: prober, to: host, id: "", body: .set(command)), timeout: timeout)
    }
}
