public import Logging
public import Shell
internal import Synchronization

/// Keeps account of changes in the daemon's log.
public final class LoggedChanges: ChangeRecorder {
    private let logger: Logger
    private let last = Mutex<Int64>(0)

    public init(_ logger: Logger) {
        self.logger = logger
    }

    public func begin(_ invocation: Invocation, caller: Caller, hosts: [String]) async -> Int64 {
        let entry = last.withLock { last in
            last += 1
            return last
        }
        logger.notice(
            "an operator gives a command",
            metadata: ["entry": "\(entry)", "user": "\(caller.user)", "command": "\(invocation.line)"])
        return entry
    }

    public func end(_ entry: Int64, code: ResultCode, outcome: Outcome?) async {
        logger.notice("an operator's command has ended", metadata: ["entry": "\(entry)", "code": "\(code.rawValue)"])
    }
}
