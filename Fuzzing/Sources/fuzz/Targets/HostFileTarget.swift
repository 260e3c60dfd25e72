@testable import Configuration
@testable import Invites
@testable import YAML

struct HostFileTarget: FuzzTarget {
    static let name = "host-file"
    static let holds = "a host's file is read, or refused with places that are in it; what is read is kept as it is"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        let file = HostFile(path: "/etc/invited/config.d/a.example.yaml", bytes: bytes)
        expectPlaces(of: file.diagnostics, within: bytes)
        guard file.diagnostics.isEmpty else { return }
        guard let settings = file.settings else { fail("neither settings nor a reason") }
        for key in HostKey.allCases {
            let location = file.location(of: key)
            expectPlaces(of: [Diagnostic(location: location, message: "here")], within: bytes)
            guard let value = settings.value(of: key) else { continue }
            let canonical = expectNoError("\(key) does not take \(value)") { try value.canonical(for: key) }
            expect(canonical.isSame(as: value), "\(value) of \(key) becomes \(canonical)")
        }
        let host = HostConfiguration(host: "a.example", settings: settings, defaults: HostSettings())
        expectKept(["a.example": host], ShellConfiguration())
        for key in HostKey.allCases where key != .host {
            // As `host show` and `config save` have it.
            guard let text = host.value(of: key) else { continue }
            expect(text.isHarmless, "\(key) is shown as \(text.debugDescription)")
            let again = HostFile(path: "/a.example.yaml", bytes: Array("\(key): \(text)\n".utf8))
            let value = again.settings?.value(of: key)
            expect(
                again.diagnostics.isEmpty && value.map { $0.isSame(as: host.hostValue(of: key)) } ?? false,
                "\(key): \(text) is read again as \(value as Any) \(again.diagnostics)")
        }
    }
}

/// Expects a configuration to be the same after a snapshot of it was written and read.
func expectKept(_ hosts: [String: HostConfiguration], _ shell: ShellConfiguration) {
    let snapshot = ConfigurationSnapshot(
        number: 1, time: Timestamp(millisecondsSinceEpoch: 0), by: "fuzz", files: Fingerprint(hosts, shell),
        hosts: hosts, shell: shell)
    let bytes = snapshot.bytes
    let again = expectNoError("\(String(decoding: bytes, as: UTF8.self)) is not read") {
        try ConfigurationSnapshot(reading: bytes)
    }
    expect(again == snapshot && again.bytes == bytes, "\(snapshot) is read as \(again)")
}
