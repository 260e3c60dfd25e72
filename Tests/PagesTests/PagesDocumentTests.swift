import Foundation
import Testing

@testable import Pages

/// docs/pages.md names everything that a provider can use.
@Suite struct PagesDocumentTests {
    private static let document = try? String(
        contentsOf: URL(filePath: #filePath).appending(path: "../../../docs/pages.md").standardized, encoding: .utf8)

    private func isNamed(_ name: String) throws -> Bool { try #require(Self.document).contains("`\(name)`") }

    @Test func everyNameIsThere() throws {
        for name in TemplateName.global.keys { #expect(try isNamed(name), "\(name)") }
        for name in TemplateName.app.keys.map(\.self) + TemplateName.button.keys {
            #expect(try isNamed(name), "\(name)")
        }
    }

    @Test func everyPageIsThere() throws {
        for template in PageTemplate.allCases { #expect(try isNamed(template.rawValue), "\(template)") }
    }

    @Test func everyPlaceholderIsThere() throws {
        for placeholder in LinkFormat.Placeholder.allCases {
            #expect(try isNamed("{\(placeholder.rawValue)}"), "\(placeholder)")
        }
    }

    /// The list that it shows is one.
    @Test func theExampleIsRead() throws {
        let document = try #require(Self.document)
        let section = try #require(document.firstRange(of: "\n## Apps\n")).upperBound
        let start = try #require(document[section...].firstRange(of: "```yaml\n")).upperBound
        let end = try #require(document[start...].firstRange(of: "```")).lowerBound
        let list = AppReader.read(Array(document[start..<end].utf8), file: "docs/pages.md") {
            $0 == "conversations.svg"
        }
        #expect(try list.get().apps.map(\.id) == ["conversations"])
    }
}
