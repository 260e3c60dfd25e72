internal import Access
internal import Shell
internal import Synchronization

/// Bounds how many commands of a kind run at once, in all and of one user: those that cost the daemon something for as
/// long as they run.
final class CommandLimiter: Sendable {
    private let quota: Mutex<UserQuota>

    init(_ quota: UserQuota = UserQuota(all: 32, reservedForAdmins: 4, perUser: 8)) {
        self.quota = Mutex(quota)
    }

    /// Runs a body, if there is room for one more.
    ///
    /// - Throws: ``Shell/CommandFailure`` with ``Shell/ResultCode/tooManyCommands``, or what the body throws.
    func run<Value>(
        _ call: Call, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        try acquire(call)
        defer { release(call) }
        return try await body()
    }

    /// Counts a command that is to run.
    ///
    /// - Throws: ``Shell/CommandFailure`` with ``Shell/ResultCode/tooManyCommands``; then it is not counted.
    func acquire(_ call: Call) throws(CommandFailure) {
        let isAdmin = call.caller.access.areOnAllHosts(as: .admin)
        guard quota.withLock({ $0.acquire(call.caller.uid ?? 0, isAdmin: isAdmin) }) else {
            throw CommandFailure(
                .tooManyCommands, "too many commands like `\(call.invocation.spec.name)` run already",
                hint: "wait for some of them to end")
        }
    }

    /// Counts the end of a command that was counted.
    func release(_ call: Call) {
        quota.withLock { $0.release(call.caller.uid ?? 0) }
    }
}
