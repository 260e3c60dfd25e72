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
    private static let keys = HostKey.allCases.filter { $0 != .host }.map(\.rawValue)

    @Test(arguments: keys) func itIsSetSavedAndReset(name: String) async throws {
        func install(_ daemon: Daemon, _ handlers: inout CommandHandlers) {
            ConfigFileHandlers(daemon.configuration).register(in: &handlers)
            HostChangeHandlers(daemon).register(in: &handlers)
        }
        try await Desk.with(["a.example": "# The file.\nhost: a.example\n"], install: install) { desk in
            let key = try #require(HostKey(rawValue: name))
            let standard = await value(of: key, desk)
            for sample in key.samples {
                let words = sample.words.map { "'\($0)'" }.joined(separator: " ")
                #expect(try await desk.run("host set a.example \(name) \(words)").code == .ok)
                #expect(await value(of: key, desk) == "\(sample)")
                #expect(try await desk.run("host reset a.example \(name)").code == .ok)
                #expect(await value(of: key, desk) == standard)

                #expect(try await desk.run("host set a.example \(name) \(words)").code == .ok)
                #expect(try await desk.run("config save a.example \(name)").code == .ok)
                let file = "\(desk.directory.path)/config.d/a.example.yaml"
                let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
                #expect(text == "# The file.\nhost: a.example\n\(name): \(sample)\n")
                #expect(await desk.daemon.configuration.overrides(of: "a.example")?.isEmpty == true)
                #expect(await value(of: key, desk) == "\(sample)")
                var loader = ConfigurationLoader(
                    file: "\(desk.directory.path)/invited.yaml", credentialsDirectory: nil)
                #expect(loader.load().hosts["a.example"]?.hostValue(of: key) == sample)

                try desk.directory.write("# The file.\nhost: a.example\n", to: "config.d/a.example.yaml")
                _ = try await desk.daemon.configuration.apply(expecting: nil, by: "test")
                #expect(await value(of: key, desk) == standard)
            }
        }
    }

    private func value(of key: HostKey, _ desk: Desk) async -> String? {
        await desk.daemon.configuration.settings(of: "a.example")?.first { $0.key == key }?.value
    }
}
