import Foundation
import Shell
import TestSupport
import Testing
import XMPP
import YAML

@testable import Configuration

@Suite struct DaemonConfigurationTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.makeDirectory("config.d")
    }

    private func load(_ text: String, credentials: String? = nil) throws -> LoadedConfiguration {
        try directory.write(text, to: "invited.yaml")
        var loader = directory.loader(credentialsDirectory: credentials)
        let loaded = loader.load()
        #expect(loaded.isConsistent)
        return loaded
    }

    @Test func theSmallestFileHasDefaults() throws {
        let daemon = try #require(try load("component: {jid: invites.host.example, secret: s3cret}").daemon)
        #expect(daemon.component.jid == (try JID("invites.host.example")))
        #expect(daemon.component.server.description == "127.0.0.1:5347")
        #expect(daemon.component.secret.revealed == "s3cret")
        #expect(daemon.component.secretSource == .setting)
        #expect(daemon.stateDirectory == "/var/lib/invited")
        #expect(daemon.hostsDirectory == "\(directory.path)/config.d")
        #expect(daemon.controlSocket == "/run/invited/control.sock")
    }

    @Test func pathsAreRelativeToTheFile() throws {
        try directory.write("s3cret\n", to: "secrets/component")
        let daemon = try #require(
            try load(
                """
                component: {jid: invites.host.example, server: "[::1]:15347", secret_file: secrets/component}
                state_directory: state
                hosts_directory: ./config.d
                control_socket: run/control.sock
                """
            ).daemon)
        #expect(daemon.component.server == (try ServerAddress("[::1]:15347")))
        #expect(daemon.component.secret == Secret("s3cret"))
        #expect(daemon.component.secretSource == .file("\(directory.path)/secrets/component"))
        #expect(daemon.stateDirectory == "\(directory.path)/state")
        #expect(daemon.hostsDirectory == "\(directory.path)/./config.d")
        #expect(daemon.controlSocket == "\(directory.path)/run/control.sock")
    }

    @Test(arguments: [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), (" a b \n", " a b ")])
    func oneLineEndIsStripped(content: String, secret: String) throws {
        try directory.write(content, to: "secret")
        let loaded = try load("component: {jid: invites.host.example, secret_file: secret}")
        #expect(loaded.daemon?.component.secret.revealed == secret)
    }

    /// As editors of Windows write it.
    @Test(arguments: ["secret", "credentials/component-secret"])
    func aByteOrderMarkIsNotOfTheSecret(path: String) throws {
        try directory.write("\u{FEFF}s3cret\r\n", to: path)
        let credentials = "\(directory.path)/credentials"
        let loaded = try load(
            "component: {jid: invites.host.example, secret_file: secret}",
            credentials: path == "secret" ? nil : credentials)
        #expect(loaded.daemon?.component.secret.revealed.utf8.elementsEqual("s3cret".utf8) == true)
    }

    @Test(arguments: [
        ("", "is empty"), ("\n", "is empty"), ("\u{FEFF}\n", "is empty"),
        ("hunter2\nhunter2\n", "holds more than one line of text"),
        (String(repeating: "hunter2", count: 1000), "is larger than 4096 bytes"),
    ])
    func aBadSecretFileIsReported(content: String, problem: String) throws {
        try directory.write(content, to: "secret")
        let loaded = try load("component: {jid: invites.host.example, secret_file: secret}")
        #expect(directory.text(loaded.diagnostics) == ["invited.yaml:1:53: `secret_file` `secret` \(problem)"])
    }

    @Test func theCredentialGoesBeforeTheKeys() throws {
        try directory.write("from systemd", to: "credentials/component-secret")
        let credentials = "\(directory.path)/credentials"
        for keys in ["", ", secret: hunter2", ", secret_file: unreadable"] {
            let component = try load("component: {jid: invites.host.example\(keys)}", credentials: credentials)
                .daemon?.component
            #expect(component?.secret.revealed == "from systemd")
            #expect(component?.secretSource == .credential("\(credentials)/component-secret"))
        }
    }

    @Test func withoutTheCredentialTheKeysCount() throws {
        try directory.makeDirectory("credentials")
        let loaded = try load(
            "component: {jid: invites.host.example, secret: s3cret}", credentials: "\(directory.path)/credentials")
        #expect(loaded.daemon?.component.secretSource == .setting)
    }

    @Test func anEmptyCredentialIsReported() throws {
        try directory.write("", to: "credentials/component-secret")
        let loaded = try load(
            "component: {jid: invites.host.example, secret: hunter2}", credentials: "\(directory.path)/credentials")
        #expect(
            directory.text(loaded.diagnostics) == [
                "invited.yaml:1:1: the credential `component-secret` at `credentials/component-secret` is empty"
            ])
    }

    @Test func aSecretDoesNotPrint() throws {
        let daemon = try #require(try load("component: {jid: invites.host.example, secret: hunter2}").daemon)
        var dumped = ""
        dump(daemon, to: &dumped)
        let texts = [dumped, "\(daemon)", String(reflecting: daemon), "\(daemon.component.secret)"]
        for text in texts { #expect(!text.contains("hunter2")) }
    }

    @Test func differencesAreNamed() throws {
        let old = try #require(try load("component: {jid: invites.host.example, secret: a}").daemon)
        let new = try #require(
            try load(
                """
                component: {jid: i.host.example, secret: b, server: "localhost:1"}
                state_directory: a
                hosts_directory: ./config.d
                control_socket: c
                """
            ).daemon)
        #expect(old.differences(from: old).isEmpty)
        #expect(
            new.differences(from: old) == [
                "component.jid", "component.server", "component.secret", "state_directory", "hosts_directory",
                "control_socket",
            ])
    }

    @Test func rolesAreRead() throws {
        let daemon = try #require(
            try load(
                """
                component: {jid: invites.host.example, secret: a}
                shell:
                  roles:
                    - users: [ann, 1001]
                      groups: [support]
                      role: operator
                      hosts: [A.example, "*.Customer.example"]
                    - groups: ["0"]
                      role: admin
                """
            ).daemon)
        #expect(
            daemon.shell.roles == [
                RoleGrant(
                    users: ["ann", "1001"], groups: ["support"], role: .operator,
                    hosts: ["a.example", "*.customer.example"]),
                RoleGrant(groups: ["0"], role: .admin),
            ])
        let without = try #require(try load("component: {jid: invites.host.example, secret: a}").daemon)
        #expect(without.shell.roles.isEmpty)
        #expect(daemon.differences(from: without).isEmpty, "roles need no restart")
        #expect(daemon != without)
    }

    @Test func theSamplesAreGood() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized.path
        var loader = ConfigurationLoader(file: "\(root)/invited.yaml", credentialsDirectory: directory.path)
        try directory.write("s3cret\n", to: "component-secret")
        let loaded = loader.load()
        #expect(loaded.diagnostics.isEmpty)
        #expect(Set(loaded.hosts.keys) == ["a.example", "b.example"])
        #expect(loaded.daemon?.component.server == .standard)
    }
}

@Suite struct ServerAddressTests {
    @Test(arguments: ["127.0.0.1:5347", "localhost:5347", "[::1]:5347", "xmpp.example.com:1", "a_b:65535"])
    func goodOnesComeBack(text: String) throws {
        #expect(try ServerAddress(text).description == text)
    }

    @Test(arguments: [
        ("localhost", ServerAddressError.missingPort), ("[::1]", .missingPort), ("", .missingPort),
        ("localhost:", .badPort), ("localhost:0", .badPort), ("localhost:+1", .badPort), ("a:65536", .badPort),
        ("a:99999999999999999999", .badPort), ("a:xmpp", .badPort), ("::1:5347", .missingBrackets),
        (":5347", .badHost), ("[]:5347", .badHost), ("[a.example]:5347", .badHost), ("a b:1", .badHost),
        ("a..b:1", .badHost), ("[:1", .badHost), ("tcp://[::1]:5347/", .scheme(rest: "[::1]:5347")),
    ])
    func badOnesAreExplained(text: String, error: ServerAddressError) {
        #expect(throws: error) { try ServerAddress(text) }
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:5347", "127.0.0.1:5347"), ("xmpp://xmpp.example.com:5347/", "xmpp.example.com:5347"),
        ("tcp://[::1]:5347", "[::1]:5347"), ("tcp://localhost", "127.0.0.1:5347"), ("://", "127.0.0.1:5347"),
        ("tcp://a://b:1", "127.0.0.1:5347"),
    ])
    func ofAURLItIsSaidWhatToWrite(text: String, address: String) {
        let error = #expect(throws: ServerAddressError.self) { try ServerAddress(text) }
        #expect(error?.description == "it is no URL; write HOST:PORT, such as \(address)")
    }
}
