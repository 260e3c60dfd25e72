internal import Access
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
        try enter(call)
        defer { leave(call) }
        return try await body()
    }

    /// Counts a command that is to run.
    ///
    /// - Throws: ``Shell/CommandFailure`` with ``Shell/ResultCode/tooManyCommands``; then it is not counted.
    func enter(_ call: Call) throws(CommandFailure) {
        let isAdmin = call.caller.access.areOnAllHosts(as: .admin)
        guard seats.withLock({ $0.take(call.caller.uid ?? 0, isAdmin: isAdmin) }) else {
            throw CommandFailure(
                .tooManyCommands, "too many commands like `\(call.invocation.spec.name)` run already",
                hint: "wait for some of them to end")
        }
    }

    /// Counts the end of a command that entered.
    func leave(_ call: Call) {
        seats.withLock { $0.leave(call.caller.uid ?? 0) }
    }
}
