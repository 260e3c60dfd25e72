import Configuration
import Control
import Daemon
import Foundation
import Reconfiguration
import Shell
import Supervision
import TestSupport
import Testing

/// `host set`, `config save` and `host reset` with every key that there is.
@Suite struct EverySettingTests {
    private static let keys = HostKey.allCases.filter(\.isSettable).map(\.rawValue)

    @Test(arguments: keys) func itIsSetSavedAndReset(name: String) async throws {
        func install(_ daemon: Daemon, _ handlers: inout CommandHandlers) {
            ConfigFileHandlers(daemon.configuration).register(in: &handlers)
            HostChangeHandlers(daemon).register(in: &handlers)
        }
        try await CommandFixture.with(["a.example": "# The file.\nhost: a.example\n"], install: install) { fixture in
            let key = try #require(HostKey(rawValue: name))
            let standard = await value(of: key, fixture)
            for sample in key.samples {
                let words = sample.words.map { "'\($0)'" }.joined(separator: " ")
                #expect(try await fixture.run("host set a.example \(name) \(words)").code == .ok)
                #expect(await value(of: key, fixture) == "\(sample)")
                #expect(try await fixture.run("host reset a.example \(name)").code == .ok)
                #expect(await value(of: key, fixture) == standard)

                #expect(try await fixture.run("host set a.example \(name) \(words)").code == .ok)
                #expect(try await fixture.run("config save a.example \(name)").code == .ok)
                let file = "\(fixture.directory.path)/config.d/a.example.yaml"
                let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
                #expect(text == "# The file.\nhost: a.example\n\(name): \(sample)\n")
                #expect(await fixture.daemon.configuration.overrides(of: "a.example")?.isEmpty == true)
                #expect(await value(of: key, fixture) == "\(sample)")
                var loader = ConfigurationLoader(
                    file: "\(fixture.directory.path)/invited.yaml", credentialsDirectory: nil)
                #expect(loader.load().hosts["a.example"]?.hostValue(of: key) == sample)

                try fixture.directory.write("# The file.\nhost: a.example\n", to: "config.d/a.example.yaml")
                _ = try await fixture.daemon.configuration.apply(expecting: nil, by: "test")
                #expect(await value(of: key, fixture) == standard)
            }
        }
    }

    private func value(of key: HostKey, _ fixture: CommandFixture) async -> String? {
        await fixture.daemon.configuration.settings(of: "a.example")?.first { $0.key == key }?.value
    }
}
