internal import XMPP

/// The server of one host, as it is asked about the host.
struct HostServer: Sendable {
    let connection: ComponentConnection
    let host: JID
    /// What it has granted so far; it may be about to say so.
    let grants: @Sendable () -> HostGrants
    /// The user of the host in whose name it can be asked: one of its admins.
    let admin: JID?
    /// How long an answer may take.
    let timeout: Duration

    /// Asks it: in the name of the host's admin where the server grants that (XEP-0356 §6), and in our own otherwise, or when
    /// the admin was refused.
    func ask(_ body: IQ.Body) async -> Result<Element?, RequestError> {
        func mayAskAsAdmin() -> Bool { grants().privilege?.allows(body) == true }
        guard let admin else { return await askDirectly(body) }
        if !mayAskAsAdmin() {
            let direct = await askDirectly(body)
            // It may have said so in the meantime.
            guard direct == .failure(.timeout), mayAskAsAdmin() else { return direct }
        }
        let answer = await answer(to: PrivilegedRequest(of: admin, to: host, body).envelope).flatMap { payload in
            Result { () throws(RequestError) in try PrivilegedRequest.answer(in: payload) }
        }
        guard case .failure(.refused) = answer else { return answer }
        let direct = await askDirectly(body)
        if case .success = direct { return direct }
        return answer
    }

    private func askDirectly(_ body: IQ.Body) async -> Result<Element?, RequestError> {
        await answer(to: IQ(from: nil, to: host, id: "", body: body))
    }

    private func answer(to request: IQ) async -> Result<Element?, RequestError> {
        do throws(RequestError) {
            return .success(try await connection.request(request, timeout: timeout))
        } catch {
            return .failure(error)
        }
    }
}
