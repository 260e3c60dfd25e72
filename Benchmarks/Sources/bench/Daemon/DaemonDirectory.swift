import Foundation

/// A directory with `invited.yaml`, a file for each host and the state.
struct DaemonDirectory: Sendable {
    let root: URL

    var configuration: URL { root.appending(path: "invited.yaml") }
    var state: URL { root.appending(path: "state") }
    var controlSocket: String { root.appending(path: "control.sock").path }

    private var hosts: URL { root.appending(path: "config.d") }

    /// An existing directory.
    init(root: URL) {
        self.root = root
    }

    /// - Parameter webPort: Where pages are served; `nil` for none. Who asks there is taken for a proxy.
    init(root: URL, serverPort: Int, secret: String, hosts names: [String], webPort: Int? = nil) throws {
        self.root = root
        for directory in [state, hosts] {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }
        try """
        component: {jid: \(CommandRequest.component), server: "127.0.0.1:\(serverPort)", secret: "\(secret)"}
        state_directory: \(state.path)
        hosts_directory: config.d
        control_socket: \(controlSocket)
        \(webPort.map(Self.web) ?? "")

        """.write(to: configuration, atomically: false, encoding: .utf8)
        for name in names {
            try writeHost(name)
        }
    }

    /// Whom requests for pages are for.
    static let authority = "invite.bench.example"

    private static func web(port: Int) -> String {
        """
        web: {listen: "127.0.0.1:\(port)", base_url: "http://\(authority)/", trusted_proxies: [127.0.0.1]}
        """
    }

    /// Writes a host's file. Users may invite new users, and as many as they like, as in the other servers that are measured.
    func writeHost(_ name: String, allowContactInvites: Bool = true) throws {
        try """
        host: \(name)
        admins: [admin@\(name)]
        allow_user_invites: \(allowContactInvites)
        allow_contact_invites: \(allowContactInvites)
        user_open_invites: unlimited
        user_daily_invites: unlimited
        max_invites: unlimited
        invite_expiry: 7d
        site_name: Bench

        """.write(to: hosts.appending(path: "\(name).yaml"), atomically: false, encoding: .utf8)
    }

    /// The SQLite databases that the daemon made, recognized by their first bytes.
    func databases() -> [URL] {
        let below = FileManager.default.enumerator(atPath: state.path)?.compactMap { $0 as? String } ?? []
        return below.map { state.appending(path: $0) }.filter { url in
            guard let file = try? FileHandle(forReadingFrom: url) else { return false }
            defer { try? file.close() }
            return (try? file.read(upToCount: 15)) == Data("SQLite format 3".utf8)
        }
    }
}
