import TestSupport
import Testing
import Text
import YAML

@testable import Configuration

@Suite struct YAMLNodeTests {
    private func read(_ text: String) -> (node: YAMLNode?, diagnostics: [Diagnostic]) {
        var report = DiagnosticReport(file: "x")
        let node = YAMLReader.read(Array(text.utf8), report: &report)
        return (node, report.sorted)
    }

    @Test(arguments: [
        ("", YAMLNode.Kind.null), ("~", .null), ("null", .null), ("nULL", .text), ("true", .boolean),
        ("False", .boolean),
        ("yes", .text), ("on", .text), ("0", .number), ("-1", .number), ("+12", .number), ("012", .number),
        ("0o17", .number), ("0o18", .text), ("0xFf", .number), ("0xg", .text), ("0x", .text), ("1.", .number),
        (".5", .number), (".", .text), ("-.inf", .number), (".nan", .number), ("1e3", .number), ("1.5E-3", .number),
        ("1e", .text), ("1.2.3", .text), ("127.0.0.1", .text), ("7d", .text), ("-", .text), ("+", .text),
    ])
    func plainScalarsResolveByTheCoreSchema(text: String, kind: YAMLNode.Kind) {
        #expect(YAMLNode.Scalar(text: text, isPlain: true).kind == kind)
        #expect(YAMLNode.Scalar(text: text, isPlain: false).kind == .text)
    }

    @Test func nodesKnowTheirPlaces() throws {
        let (node, diagnostics) = read("# é\na:\n  - b\n  - {ü: [c]}\n")
        #expect(diagnostics.isEmpty)
        guard case .mapping(let entries) = try #require(node).content,
            case .sequence(let items) = entries[0].value.content,
            case .mapping(let inner) = items[1].content, case .sequence(let last) = inner[0].value.content
        else {
            Issue.record("another shape")
            return
        }
        #expect(entries[0].key.mark == SourceMark(line: 2, column: 1))
        #expect(items[0].mark == SourceMark(line: 3, column: 5))
        #expect(inner[0].value.mark == SourceMark(line: 4, column: 9))
        #expect(last[0].mark == SourceMark(line: 4, column: 10))
    }

    /// libyaml ends a last line that has no end, and is then on a line that the file does not have.
    @Test(arguments: [
        ("a: [b", SourceMark(line: 1, column: 6)), ("a:\nü: {b: [é", SourceMark(line: 2, column: 10)),
        ("a: [b\r", SourceMark(line: 2, column: 1)), ("a: [b\n", SourceMark(line: 2, column: 1)),
        ("a: [b\u{2028}", SourceMark(line: 2, column: 1)),
    ])
    func aMistakeAtTheEndIsInTheFile(text: String, mark: SourceMark) {
        #expect(read(text).diagnostics.map(\.location) == [SourceLocation(file: "x", mark: mark)])
    }

    @Test func aValueThatIsMissingInALastLineWithoutEndIsMissedThere() throws {
        let node = try #require(read("ü:").node)
        guard case .mapping(let entries) = node.content else {
            Issue.record("another shape")
            return
        }
        #expect(entries[0].value.mark == SourceMark(line: 1, column: 3))
    }

    @Test func aPlaceIsCountedAsLibyamlDoes() {
        #expect(SourceMark(after: "".utf8) == .start)
        #expect(SourceMark(after: "é日👋".utf8) == SourceMark(line: 1, column: 4))
        #expect(SourceMark(after: "a\r\nb\rc\nd\u{85}e\u{2028}f\u{2029}gh".utf8) == SourceMark(line: 7, column: 3))
    }

    @Test(arguments: [
        ("", "", 0), ("abc", "", 3), ("", "abc", 3), ("ab", "ba", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
    func editDistance(from: String, to: String, distance: Int) {
        #expect(Suggestion.editDistance(Array(from), Array(to)) == distance)
    }

    @Test(
        arguments: [
            ("alow_user_invites", "allow_user_invites"), ("Site-Name", "site_name"), ("sitename", "site_name"),
            ("expiry", "invite_expiry"), ("hots", "host"), ("zzz", nil), ("", nil), ("invites", nil),
            (String(repeating: "x", count: 10_000), nil),
        ] as [(String, String?)])
    func suggestions(word: String, meant: String?) {
        #expect(Suggestion.closest(to: word, among: HostKey.allCases.map(\.rawValue)) == meant)
    }
}
