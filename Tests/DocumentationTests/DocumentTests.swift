import Foundation
import Testing

@testable import generate_docs

@Suite struct DocumentTests {
    private static let top = URL(filePath: #filePath).appending(path: "../../..").standardized

    @Test(arguments: Document.all.map(\.path))
    func isCurrent(path: String) throws {
        let document = try #require(Document.all.first { $0.path == path })
        let present = try? String(contentsOf: Self.top.appending(path: path), encoding: .utf8)
        #expect(
            present == document.text, "\(path) is not current: run scripts/generate-docs, and commit what it writes")
    }
}
