import Foundation
import TestSupport
import Testing
import YAML

@testable import Configuration

/// Every `NAME.yaml` in `Fixtures/edit` is changed as `NAME.edit` says, and becomes `NAME.expected` to the byte, or is
/// not changed for the reason that is there.
///
/// A line of the edit is a key and its value, or `!` and a key that is taken out. With `RECORD_FIXTURES` in the
/// environment the tests write the `.expected` files instead.
@Suite struct HostFileEditorGoldenTests {
    @Test(arguments: try EditFixture.all()) func fileIsChangedAsExpected(_ fixture: EditFixture) throws {
        let result: [UInt8]
        do {
            result = try HostFileEditor.edit(fixture.before, file: "a.example.yaml", changes: fixture.changes())
        } catch {
            result = Array("refused: \(error)\n".utf8)
        }
        try fixture.expect(result)
    }

    @Test func thereAreFixtures() throws {
        #expect(try EditFixture.all().count > 50)
    }
}

struct EditFixture: CustomTestStringConvertible, Sendable {
    private let file: URL
    let before: [UInt8]

    static func all() throws -> [EditFixture] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/edit")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
            .sorted { $0.path < $1.path }
            .map { EditFixture(file: $0, before: Array(try Data(contentsOf: $0))) }
    }

    func changes() throws -> [HostKey: HostValue?] {
        let edit = try String(contentsOf: file.deletingPathExtension().appendingPathExtension("edit"), encoding: .utf8)
        var changes: [HostKey: HostValue?] = [:]
        for line in edit.split(separator: "\n") {
            if line.hasPrefix("!") {
                changes[try HostKey(named: String(line.dropFirst()))] = .some(nil)
                continue
            }
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let key = try HostKey(named: words[0])
            let value = words[1]
            switch key {
            case .allowUserInvites, .allowContactInvites, .suspended: changes[key] = .flag(value == "true")
            case .admins: changes[key] = .list(value == "[]" ? [] : value.split(separator: " ").map(String.init))
            default: changes[key] = .text(value)
            }
        }
        return changes
    }

    func expect(_ bytes: [UInt8], sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        let expectedFile = file.deletingPathExtension().appendingPathExtension("expected")
        if ProcessInfo.processInfo.environment["RECORD_FIXTURES"] != nil {
            try Data(bytes).write(to: expectedFile)
            return
        }
        let expected = Array(try Data(contentsOf: expectedFile))
        #expect(
            bytes == expected, "\(String(decoding: bytes, as: UTF8.self).debugDescription)",
            sourceLocation: sourceLocation)
    }

    var testDescription: String { file.deletingPathExtension().lastPathComponent }
}
