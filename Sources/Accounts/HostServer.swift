package import XMPP

/// Sends a request to a server, and waits for its answer no longer than that.
package typealias ServerRequest = @Sendable (IQ, Duration) async -> Result<Element?, RequestError>

/// The server of one host, as it is asked about the host.
package struct HostServer: Sendable {
    let request: ServerRequest
    package let host: JID
    /// What it has granted so far; it may be about to say so.
    let grants: @Sendable () -> HostGrants
    /// The user of the host in whose name requests can be sent: one of its admins.
    package let admin: JID?
    /// How long an answer may take.
    let timeout: Duration

    package init(
        _ host: JID, request: @escaping ServerRequest, grants: @escaping @Sendable () -> HostGrants, admin: JID?,
        timeout: Duration
    ) {
        self.host = host
        self.request = request
        self.grants = grants
        self.admin = admin
        self.timeout = timeout
    }

    /// Asks it: in the name of the host's admin where the server grants that (XEP-0356 §6), and in our own otherwise, or when
    /// the admin may not ask it.
    package func ask(_ body: IQ.Body) async -> Result<Element?, RequestError> {
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
        guard case .failure(.refused(let refusal)) = answer, refusal.isOfRights else { return answer }
        let direct = await askDirectly(body)
        if case .success = direct { return direct }
        return answer
    }

    /// Asks for one of its users, as for the roster that it grants (XEP-0356 §4.3).
    func ask(_ body: IQ.Body, of user: JID) async -> Result<Element?, RequestError> {
        await answer(to: IQ(from: nil, to: user, id: "", body: body))
    }

    func askDirectly(_ body: IQ.Body) async -> Result<Element?, RequestError> {
        await answer(to: IQ(from: nil, to: host, id: "", body: body))
    }

    private func answer(to request: IQ) async -> Result<Element?, RequestError> {
        await self.request(request, timeout)
    }
}

extension StanzaError {
    /// Whether another sender may be allowed what was refused.
    fileprivate var isOfRights: Bool {
        switch condition {
        case .forbidden, .notAllowed, .notAuthorized: true
        default: false
        }
    }
}
