public import Shell
internal import Synchronization

/// One run of a command.
public struct Call: Sendable {
    public let invocation: Invocation
    public let caller: Caller
    public let output: any CommandOutput
    private let deed = Deed()

    private final class Deed: Sendable {
        let outcome = Mutex<Outcome?>(nil)
    }

    public init(_ invocation: Invocation, caller: Caller, output: any CommandOutput) {
        self.invocation = invocation
        self.caller = caller
        self.output = output
    }

    /// Notes what has been done by now, for the journal: the command may yet fail, or find that nobody reads its answer.
    public func note(_ outcome: Outcome) { deed.outcome.withLock { $0 = outcome } }

    /// What was noted last.
    var noted: Outcome? { deed.outcome.withLock { $0 } }

    /// Asks whether to go on, unless the caller has said so beforehand with `--yes`.
    ///
    /// - Throws: ``CommandFailure`` with ``ResultCode/refused`` or ``ResultCode/unconfirmed`` when nobody says yes.
    public func confirm(_ question: String) async throws {
        if invocation.has("yes") { return }
        guard try await output.ask(.confirm(question)) == "yes" else {
            throw CommandFailure(.refused, "nothing was changed")
        }
    }
}

/// What a command has done.
public struct Outcome: Hashable, Sendable {
    /// One sentence for people, without a full stop; empty when the rows say it all.
    public var message: String
    public var hint: String?
    /// The hosts that it concerned, for the journal.
    public var hosts: [String]
    /// What was so before and after it, for the journal, in a few words without secrets.
    public var before: String?
    public var after: String?

    public init(
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
public struct CommandHandlers: Sendable {
    /// - Throws: ``CommandFailure``, or `CancellationError` when the call is over.
    public typealias Handler = @Sendable (Call) async throws -> Outcome

    private var handlers: [[String]: Handler] = [:]

    public init() {}

    /// The handler of a command, by its name, such as `host show`.
    public subscript(name: String) -> Handler? {
        get { handlers[name.split(separator: " ").map(String.init)] }
        set { handlers[name.split(separator: " ").map(String.init)] = newValue }
    }

    subscript(path: [String]) -> Handler? { handlers[path] }
}
