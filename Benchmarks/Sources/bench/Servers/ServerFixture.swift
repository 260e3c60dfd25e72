/// A real XMPP server on loopback, running, with one host and its eight users.
protocol ServerFixture: Sendable {
    /// Which version of which server it is.
    var files: ServerFiles { get }
    /// The host that the users live on.
    var host: String { get }
    /// Where the users send their commands.
    var commandsTo: String { get }
    var clientPort: Int { get }
    var componentPort: Int { get }
    var componentSecret: String { get }
    /// How commands reach a component of it.
    var way: Ceiling.Way { get }

    func stop() async
}

extension ServerFixture {
    var host: String { "a.example" }
    var componentSecret: String { "s3cret" }
}
