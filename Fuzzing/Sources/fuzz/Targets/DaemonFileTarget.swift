@testable import Configuration
@testable import YAML

struct DaemonFileTarget: FuzzTarget {
    static let name = "daemon-file"
    static let holds = "the daemon's file is read, or refused with places that are in it and never with the secret"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        var report = DiagnosticReport(file: "/etc/invited/invited.yaml")
        let settings = YAMLReader.read(bytes, report: &report).map { DaemonSettings($0, report: &report) }
        // Where there is nothing to read, so that a path in an input leads nowhere.
        let daemon =
            settings?.secretFile == nil
            ? settings?.configuration(relativeTo: "/nonexistent", credentialsDirectory: nil, report: &report) : nil
        let diagnostics = report.sorted
        expectPlaces(of: diagnostics, within: bytes)
        if let secret = settings?.secret?.value.revealed { expectHidden(secret, in: diagnostics, of: bytes) }
        guard diagnostics.isEmpty, let settings else {
            expect(!diagnostics.isEmpty, "neither settings nor a reason")
            return
        }
        if let server = settings.server?.value {
            let again = expectNoError("\(server) is not read again") { try ServerAddress(server.description) }
            expect(again == server && same(again.description, server.description), "\(server) is read as \(again)")
        }
        expectKept([:], ShellConfiguration(roles: settings.shell.roles))
        guard settings.secretFile == nil else { return }
        guard let daemon else { fail("neither a configuration nor a reason") }
        expect(daemon.differences(from: daemon).isEmpty, "it differs from itself")
        expect(daemon.value(of: "component.secret") == "<redacted>", "the secret is shown")
        for key in ["component.jid", "component.server", "state_directory", "hosts_directory", "control_socket"] {
            expect(daemon.value(of: key)?.isEmpty == false, "\(key) has no value")
        }
    }

    /// A text that is in the file only once, as the secret, is in no message.
    private func expectHidden(_ secret: String, in diagnostics: [Diagnostic], of bytes: [UInt8]) {
        let wanted = Array(secret.utf8)
        guard wanted.count >= 6, let first = bytes.firstRange(of: wanted),
            bytes[(first.lowerBound + 1)...].firstRange(of: wanted) == nil
        else { return }
        for diagnostic in diagnostics {
            expect(!diagnostic.message.contains(secret), "the secret is in: \(diagnostic)")
        }
    }
}
