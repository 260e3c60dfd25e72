import Foundation
import TestSupport
import Testing
import YAML

@testable import Configuration

/// Any bytes of a file result in a host or in reasons, and quickly.
@Suite struct MutationTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutatedFilesAreUsedOrExplained(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixtures = try (Fixture.all(in: "host") + Fixture.all(in: "daemon")).map(\.bytes)
        var used = 0
        for _ in 0..<2_000 {
            var bytes = fixtures.randomElement(using: &random) ?? []
            for _ in 0...Int.random(in: 0..<4, using: &random) { mutate(&bytes, with: fixtures, using: &random) }
            var report = DiagnosticReport(file: "x")
            let node = YAMLReader.read(bytes, report: &report)
            if let node {
                _ = HostSettings(node, report: &report)
                _ = DaemonSettings(node, report: &report)
                used += 1
            } else {
                #expect(!report.isEmpty)
            }
            expectPlaces(report.sorted, within: bytes)
        }
        #expect(used > 100)
    }

    @Test func randomBytesAreUsedOrExplained() throws {
        var random = SeededGenerator(seed: 5)
        let alphabet = Array("{}[],:-?&*!|>'\"%@`#~ \n\t\r\\ab01\u{FEFF}\u{85}é\u{2028}👋".utf8)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                Int.random(in: 0..<20, using: &random) == 0
                    ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random) ?? 0
            }
            var report = DiagnosticReport(file: "x")
            if let node = YAMLReader.read(bytes, report: &report) {
                _ = HostSettings(node, report: &report)
            } else {
                #expect(!report.isEmpty)
            }
            expectPlaces(report.sorted, within: bytes)
        }
    }

    /// Every place is in the file, or right behind it.
    private func expectPlaces(_ diagnostics: [Diagnostic], within bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
        for diagnostic in diagnostics {
            #expect(diagnostic.line >= 1 && diagnostic.column >= 1)
            #expect(diagnostic.line <= text.count + 2 && diagnostic.column <= text.count + 1)
            #expect(!diagnostic.description.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
    }

    private func mutate(_ bytes: inout [UInt8], with others: [[UInt8]], using random: inout SeededGenerator) {
        let index = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where index < bytes.count: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where index < bytes.count: bytes.remove(at: index)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        case 3: bytes.insert(Array("{}[],:-?&*!|>'\"%@`#~ \n\t".utf8).randomElement(using: &random) ?? 0, at: index)
        case 4: bytes.removeSubrange(index...)
        default:
            let other = others.randomElement(using: &random) ?? []
            bytes.insert(contentsOf: other.prefix(Int.random(in: 0...other.count, using: &random)), at: index)
        }
    }
}
