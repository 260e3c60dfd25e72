internal import Configuration
package import XMPP

extension Supervisor {
    /// What the server of a host has granted on this connection.
    package nonisolated func grants(of host: String) -> HostGrants {
        connection.status == .connected ? router.grants[host] ?? HostGrants() : HostGrants()
    }

    /// Asks the server of a host what it lets us do. No account is made by it.
    ///
    /// - Parameter timeout: How long each of the answers may take; there are three at most, one after the other.
    /// - Throws: ``RequestError/disconnected`` without a connection, and nothing else.
    package nonisolated func probe(
        _ host: String, timeout: Duration = .seconds(5)
    ) async throws(RequestError) -> HostProbe {
        guard connection.status == .connected, let address = try? JID(host) else { throw .disconnected }
        let list = Element("query", namespace: Namespaces.discoItems, attributes: ["node": Namespaces.commands])
        let listed = await ask(.get(list), address, timeout)
        let command = Element(
            "command", namespace: Namespaces.commands,
            attributes: ["node": Namespaces.addUserCommand, "action": "execute"])
        let offered = await ask(.set(command), address, timeout)
        if case .success(let payload?) = offered, let session = payload["sessionid"], payload["status"] == "executing" {
            let cancel = Element(
                "command", namespace: Namespaces.commands,
                attributes: ["node": Namespaces.addUserCommand, "action": "cancel", "sessionid": session])
            _ = await ask(.set(cancel), address, timeout)
        }
        if [listed, offered].contains(.failure(.disconnected)) { throw .disconnected }
        let grants = grants(of: host)
        return HostProbe(
            addUser: .init(addUser: offered, isDelegated: grants.delegated.contains(Namespaces.commands)),
            commands: .init(commands: grants, listed: listed))
    }

    private nonisolated func ask(
        _ body: IQ.Body, _ address: JID, _ timeout: Duration
    ) async -> Result<Element?, RequestError> {
        do throws(RequestError) {
            return .success(
                try await connection.request(IQ(from: nil, to: address, id: "", body: body), timeout: timeout))
        } catch {
            return .failure(error)
        }
    }
}
