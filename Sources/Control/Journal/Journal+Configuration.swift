package import Reconfiguration
internal import Shell
internal import Supervision

extension Journal {
    /// Writes down what became of the configuration without a command.
    package func record(_ event: ConfigurationEvent) async {
        let (command, failure): (String, ResultCode) =
            event.isOfFiles
            ? ("config apply", .invalidConfiguration) : ("config undo", .unwritableConfiguration)
        await record(
            command, origin: event.cause.rawValue, code: event.isDone ? .ok : failure,
            outcome: Outcome(hosts: event.hosts, after: event.summary))
    }
}
