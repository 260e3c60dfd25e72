internal import Synchronization

/// Why a request of ours got no result.
package enum RequestError: Error, Hashable, Sendable {
    /// The answer was an error.
    case refused(StanzaError)
    /// No answer was received in time.
    case timeout
    /// There was no connection, or it ended before the answer.
    case disconnected
}

/// Our own IQ requests that wait for an answer.
///
/// An answer counts only when it comes from the address of the request (RFC 6120 §8.2.3): any user can send an IQ
/// result with a guessed id.
final class RequestTracker: Sendable {
    private struct Pending: Sendable {
        let to: JID?
        let answer: CheckedContinuation<Result<Element?, RequestError>, Never>
    }

    private struct State: Sendable {
        var pending: [String: Pending] = [:]
        var counter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let prefix: String

    /// - Parameter prefix: Starts every id; random, so that an id cannot be guessed across restarts.
    init(prefix: String) {
        self.prefix = prefix
    }

    func nextID() -> String {
        state.withLock { state in
            state.counter &+= 1
            return prefix + String(state.counter)
        }
    }

    /// Registers the request, runs `send`, and waits for the answer, unless `send` finds no connection.
    func answer(to id: String, from address: JID?, after send: () -> Bool) async throws(RequestError) -> Element? {
        let result = await withCheckedContinuation { continuation in
            state.withLock { $0.pending[id] = Pending(to: address, answer: continuation) }
            // The connection may have ended, and failed all that waited, just before this was registered.
            if !send() { _ = finish(id, .failure(.disconnected)) { _ in true } }
        }
        return try result.get()
    }

    /// Passes a reply to the task that waits for it; `false` when none does.
    func resolve(_ iq: IQ) -> Bool {
        let result: Result<Element?, RequestError>
        switch iq.body {
        case .result(let payload): result = .success(payload)
        case .error(let error): result = .failure(.refused(error))
        case .get, .set: return false
        }
        return finish(iq.id, result) { $0 == nil || iq.from == nil || iq.from == $0 }
    }

    func timeOut(_ id: String) {
        _ = finish(id, .failure(.timeout)) { _ in true }
    }

    /// Fails everything that waits.
    func disconnect() {
        let all = state.withLock { state in
            defer { state.pending = [:] }
            return state.pending
        }
        for pending in all.values { pending.answer.resume(returning: .failure(.disconnected)) }
    }

    private func finish(
        _ id: String, _ result: Result<Element?, RequestError>, if isExpected: (JID?) -> Bool
    ) -> Bool {
        let pending = state.withLock { state -> Pending? in
            guard let found = state.pending[id], isExpected(found.to) else { return nil }
            state.pending[id] = nil
            return found
        }
        pending?.answer.resume(returning: result)
        return pending != nil
    }
}
