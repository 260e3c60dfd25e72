/// What a component connection needs to know.
package struct ComponentOptions: Hashable, Sendable {
    /// The address of the component, a domain.
    package var domain: String
    /// Where the server listens for components.
    package var host: String
    package var port: Int
    package var secret: String
    package var limits = ParserLimits()
    /// How long connecting, and then the handshake, may take.
    package var handshakeTimeout: Duration = .seconds(10)
    /// After how much silence the server is pinged, and how long it then has.
    package var silence: Duration = .seconds(30)
    /// How long writing the last bytes may take.
    package var farewellTimeout: Duration = .seconds(2)
    package var backoff = Backoff()

    package init(domain: String, host: String, port: Int, secret: String) {
        self.domain = domain
        self.host = host
        self.port = port
        self.secret = secret
    }
}

extension ComponentOptions: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(domain) at \(host):\(port)" }
    /// Leaves the secret out.
    package var customMirror: Mirror { Mirror(self, children: ["domain": domain, "host": host, "port": port]) }
}
