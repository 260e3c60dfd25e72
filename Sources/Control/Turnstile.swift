internal import Shell
internal import Synchronization

/// Bounds how many commands of a kind run at once, in all and of one user: those that cost the daemon something for as
/// long as they run.
final class Turnstile: Sendable {
    private let seats: Mutex<Seats>

    init(_ seats: Seats = Seats(all: 32, keptForAdmins: 4, ofOneUser: 8)) {
        self.seats = Mutex(seats)
    }

    /// Runs a body, if there is room for one more.
    ///
    /// - Throws: ``Shell/CommandFailure`` with ``Shell/ResultCode/tooManyCommands``, or what the body throws.
    func run<Value>(
        _ call: Call, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        let isAdmin = call.caller.access.hosts(as: .admin) == .all
        let uid = call.caller.uid ?? 0
        guard seats.withLock({ $0.take(uid, isAdmin: isAdmin) }) else {
            throw CommandFailure(
                .tooManyCommands, "too many `\(call.invocation.spec.name)` run already", hint: "end some of them")
        }
        defer { seats.withLock { $0.leave(uid) } }
        return try await body()
    }
}
