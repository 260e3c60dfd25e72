package import Access
package import Shell
internal import Synchronization

/// One run of a command.
package struct Call: Sendable {
    package let invocation: Invocation
    package let caller: Caller
    package let output: any CommandOutput
    private let progress = Progress()

    private final class Progress: Sendable {
        let outcome = Mutex<Outcome?>(nil)
    }

    package init(_ invocation: Invocation, caller: Caller, output: any CommandOutput) {
        self.invocation = invocation
        self.caller = caller
        self.output = output
    }

    /// Records for the journal what has been done so far: the command may still fail, or its client may disconnect.
    package func record(_ outcome: Outcome) { progress.outcome.withLock { $0 = outcome } }

    /// What was recorded last.
    var recorded: Outcome? { progress.outcome.withLock { $0 } }

    /// Asks whether to continue, unless the caller gave `--yes`.
    ///
    /// - Throws: ``CommandFailure`` with ``ResultCode/refused`` or ``ResultCode/unconfirmed`` unless the answer is yes.
    package func confirm(_ question: String) async throws {
        if invocation.has("yes") { return }
        guard try await output.ask(.confirm(question)) == "yes" else {
            throw CommandFailure(.refused, "nothing was changed")
        }
    }
}

/// What a command has done.
package struct Outcome: Hashable, Sendable {
    /// One sentence for people, without a full stop; empty when the rows say it all.
    package var message: String
    package var hint: String?
    /// The hosts that it concerned, for the journal.
    package var hosts: [String]
    /// What was so before and after it, for the journal, in a few words without secrets.
    package var before: String?
    package var after: String?

    package init(
        _ message: String = "", hint: String? = nil, hosts: [String] = [], before: String? = nil,
        after: String? = nil
    ) {
        self.message = message
        self.hint = hint
        self.hosts = hosts
        self.before = before
        self.after = after
    }
}

/// What runs the commands of the registry.
///
/// A handler turns a call into a call on the daemon and its result into rows; the daemon knows no terminals. Whether
/// the caller may use the command, with these options and on these hosts, has been checked before it runs.
package struct CommandHandlers: Sendable {
    /// - Throws: ``CommandFailure``, or `CancellationError` when the call is over.
    package typealias Handler = @Sendable (Call) async throws -> Outcome

    private var handlers: [[String]: Handler] = [:]

    package init() {}

    /// The handler of a command, by its name, such as `host show`.
    package subscript(name: String) -> Handler? {
        get { handlers[name.split(separator: " ").map(String.init)] }
        set { handlers[name.split(separator: " ").map(String.init)] = newValue }
    }

    subscript(path: [String]) -> Handler? { handlers[path] }
}
