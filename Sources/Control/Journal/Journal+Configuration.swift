internal import Shell
public import Supervision

extension Journal {
    /// Writes down what became of the configuration without a command.
    public func record(_ event: ConfigurationEvent) async {
        let command =
            switch event.cause {
            case .command, .signal: "config apply"
            case .deadline, .start: "config undo"
            }
        await record(
            command, origin: event.cause.rawValue, code: event.isDone ? .ok : .invalidConfiguration,
            outcome: Outcome(hosts: event.hosts, after: event.summary))
    }
}
