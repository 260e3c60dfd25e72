import Invites
import Runtime
import TestSupport
import Testing
import XMPP

@testable import Configuration

@Suite struct HTTPConfigurationTests {
    private func load(_ daemon: String, hosts: [String: String] = ["a.example": "{}"]) throws -> LoadedConfiguration {
        try load(daemon, hosts: hosts, in: try TemporaryDirectory())
    }

    private func load(
        _ daemon: String, hosts: [String: String], in directory: TemporaryDirectory
    ) throws -> LoadedConfiguration {
        try directory.makeDirectory("config.d")
        for (host, text) in hosts { try directory.write(text, to: "config.d/\(host).yaml") }
        try directory.write("component: {jid: i.host.example, secret: x}\n\(daemon)\n", to: "invited.yaml")
        var loader = ConfigurationLoader(file: "\(directory.path)/invited.yaml", credentialsDirectory: nil)
        return loader.load()
    }

    /// Without the directory that the files are in.
    private func mistakes(_ daemon: String, hosts: [String: String] = ["a.example": "{}"]) throws -> [String] {
        let directory = try TemporaryDirectory()
        return try load(daemon, hosts: hosts, in: directory).diagnostics.map {
            "\($0)".replacing("\(directory.path)/", with: "")
        }
    }

    @Test func placesAndBasesAreRead() throws {
        let daemon = try #require(
            try load(
                """
                web: {listen: 127.0.0.1:8480, base_url: "https://Invite.example:443/i", trusted_proxies: [10.0.0.0/8]}
                metrics: {listen: "unix:/run/m.sock"}
                """
            ).daemon)
        let web = try #require(daemon.http.web)
        #expect(web.listen == .tcp(try ServerAddress("127.0.0.1:8480")))
        #expect("\(web.baseURL)" == "https://invite.example/i/")
        #expect(web.trustedProxies.map(\.description) == ["10.0.0.0/8"])
        #expect(daemon.http.metrics?.listen == .unix("/run/m.sock"))
        #expect(try load("").daemon?.http == HTTPConfiguration())
        #expect(try #require(try load("metrics: {}").daemon).http.metrics == MetricsConfiguration(listen: nil))
    }

    @Test(arguments: [
        ("web: {}", "no `base_url`"), ("web: {base_url: invite.example}", "does not begin with https://"),
        ("web: {base_url: \"https://x.example/?a\"}", "its path has more than letters"),
        ("web: {base_url: \"https://x.example/-/\"}", "its path has more than letters"),
        ("web: {base_url: \"https://x y/\"}", "the host in it is none"),
        ("web: {base_url: \"https://x.example/\", listen: 8480}", "wants HOST:PORT"),
        ("web: {base_url: \"https://x.example/\", listen: x.example}", "it has no port"),
        ("web: {base_url: \"https://x.example/\", trusted_proxies: 127.0.0.1}", "wants a list of addresses"),
        ("web: {base_url: \"https://x.example/\", trusted_proxies: [10.0.0.1/8]}", "none is set behind them"),
        ("web: {base_ur: x}", "did you mean `base_url`?"), ("web: [a]", "wants a mapping"),
        ("metrics: {listen: \"\"}", "but this is empty"), ("metrics: {lisen: x}", "did you mean `listen`?"),
        (
            "web: {base_url: \"https://x.example/\", listen: /s}\nmetrics: {listen: \"unix:/s\"}",
            "cannot listen at the same place"
        ),
    ])
    func mistakesAreLocated(text: String, message: String) throws {
        let found = try mistakes(text)
        #expect(found.contains { $0.hasPrefix("invited.yaml:") && $0.contains(message) }, "\(found)")
    }

    @Test func anAuthorityIsOneHosts() throws {
        let daemon = "web: {base_url: \"https://all.example/\"}"
        let found = try mistakes(
            daemon,
            hosts: [
                "a.example": "base_url: https://own.example/", "b.example": "base_url: https://own.example/b/",
                "c.example": "base_url: https://all.example/a.example/", "d.example": "base_url: https://d.example/",
            ])
        #expect(found.count == 2)
        #expect(
            found.contains {
                $0.hasPrefix(
                    "config.d/b.example.yaml:1:11: `own.example` is already where the pages of `a.example` are")
            }, "\(found)")
        #expect(
            found.contains {
                $0.hasPrefix("config.d/c.example.yaml:1:11: `all.example` is where all hosts' pages are")
            }, "\(found)")
    }

    @Test func whatAnApplyPutsInForceIsInPlanFingerprintAndSnapshot() throws {
        let base = try BaseURL("https://invite.example/")
        let http = HTTPConfiguration(
            web: WebConfiguration(
                listen: .unix("/run/web #1.sock"), baseURL: base,
                trustedProxies: ["127.0.0.1", "::1", "10.0.0.0/8"].compactMap { IPRange($0) }),
            metrics: MetricsConfiguration(listen: .tcp(try ServerAddress("[::1]:9480"))))
        let snapshot = ConfigurationSnapshot(
            number: 1, time: Timestamp(millisecondsSinceEpoch: 0), by: "test", files: Fingerprint("f"), hosts: [:],
            shell: ShellConfiguration(), http: http)
        #expect(try ConfigurationSnapshot(reading: snapshot.bytes).http == http)
        let without = ConfigurationSnapshot(
            number: 1, time: Timestamp(millisecondsSinceEpoch: 0), by: "test", files: Fingerprint("f"), hosts: [:],
            shell: ShellConfiguration())
        #expect(try ConfigurationSnapshot(reading: without.bytes).http == HTTPConfiguration())
        #expect(Fingerprint([:], ShellConfiguration(), http) != Fingerprint([:], ShellConfiguration()))
        let daemon = DaemonConfiguration(
            component: .init(jid: try JID("i.example"), server: .standard, secret: Secret("x")), stateDirectory: "/s",
            hostsDirectory: "/h", controlSocket: "/c")
        let plan = ConfigurationPlan(
            from: [:], to: [:], daemon: daemon, shell: ShellConfiguration(), nextShell: ShellConfiguration(),
            nextHTTP: http, nextDaemon: daemon, generation: 1)
        #expect(plan.liveKeys == ["web", "metrics"])
        #expect(!plan.changesNothing && !plan.changesRoles && !plan.wantsRestart)
    }
}
