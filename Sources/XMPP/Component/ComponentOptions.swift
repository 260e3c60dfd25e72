/// What a component connection needs to know.
public struct ComponentOptions: Hashable, Sendable {
    /// The address of the component, a domain.
    public var domain: String
    /// Where the server listens for components.
    public var host: String
    public var port: Int
    public var secret: String
    public var limits = ParserLimits()
    /// How long connecting, and then the handshake, may take.
    public var handshakeTimeout: Duration = .seconds(10)
    /// After how much silence the server is asked for a sign of life, and how long it then has.
    public var silence: Duration = .seconds(30)
    /// How long what is written last may take to leave.
    public var farewellTimeout: Duration = .seconds(2)
    public var backoff = Backoff()

    public init(domain: String, host: String, port: Int, secret: String) {
        self.domain = domain
        self.host = host
        self.port = port
        self.secret = secret
    }
}

extension ComponentOptions: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(domain) at \(host):\(port)" }
    /// Leaves the secret out.
    public var customMirror: Mirror { Mirror(self, children: ["domain": domain, "host": host, "port": port]) }
}
