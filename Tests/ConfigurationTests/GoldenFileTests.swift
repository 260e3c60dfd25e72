import Foundation
import TestSupport
import Testing
import YAML

@testable import Configuration

/// Every `NAME.yaml` in the fixtures is read as a real file; `NAME.expected` holds the expected diagnostics.
///
/// A new case is two new files. With `RECORD_FIXTURES` in the environment the tests write the `.expected` files
/// instead.
@Suite struct GoldenFileTests {
    @Test(arguments: try Fixture.all(in: "host")) func hostFile(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        try directory.writeDaemonFile()
        try directory.write(fixture.bytes, to: "config.d/\(fixture.name).yaml")
        var loader = directory.loader()
        let loaded = loader.load()

        #expect(loaded.isConsistent)
        #expect(loaded.daemon != nil)
        // A host's file is either used or refused.
        #expect(loaded.hosts.count == (loaded.diagnostics.isEmpty ? 1 : 0))
        #expect(loaded.refused.count == (loaded.diagnostics.isEmpty ? 0 : 1))
        try fixture.expect(directory.text(loaded.diagnostics).map { $0.replacing("config.d/", with: "") })
    }

    @Test(arguments: try Fixture.all(in: "daemon")) func daemonFile(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        try directory.makeDirectory("config.d")
        try directory.write(fixture.bytes, to: "\(fixture.name).yaml")
        var loader = ConfigurationLoader(file: "\(directory.path)/\(fixture.name).yaml", credentialsDirectory: nil)
        let loaded = loader.load()

        #expect(loaded.isConsistent)
        #expect((loaded.daemon == nil) == !loaded.diagnostics.isEmpty)
        #expect(!directory.text(loaded.diagnostics).joined().contains("hunter2"), "secrets are not printed")
        try fixture.expect(directory.text(loaded.diagnostics))
    }

    @Test func thereAreFixtures() throws {
        #expect(try Fixture.all(in: "host").count > 50)
        #expect(try Fixture.all(in: "daemon").count > 20)
    }
}

struct Fixture: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    private let expectedFile: URL

    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static func all(in folder: String) throws -> [Fixture] {
        let folder = directory.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
            .sorted { $0.path < $1.path }
            .map { file in
                Fixture(
                    name: String(file.lastPathComponent.dropLast(".yaml".count)),
                    bytes: Array(try Data(contentsOf: file)),
                    expectedFile: file.deletingPathExtension().appendingPathExtension("expected"))
            }
    }

    func expect(_ lines: [String], sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        let text = lines.map { "\($0)\n" }.joined()
        if ProcessInfo.processInfo.environment["RECORD_FIXTURES"] != nil {
            try Data(text.utf8).write(to: expectedFile)
            return
        }
        let expected = String(decoding: try Data(contentsOf: expectedFile), as: UTF8.self)
        #expect(text == expected, sourceLocation: sourceLocation)
    }

    var testDescription: String { name }
}
