@testable import Languages
@testable import Pages
@testable import YAML

struct TemplateTarget: FuzzTarget {
    static let name = "template"
    static let holds =
        "a template is refused with places that are in it, or makes pages in which values are nothing but values"
    static let flags = ["-max_len=2048"]

    /// A mark that is in no template, around characters that could end an attribute or begin a tag.
    private static let hostile = "\u{1}<\"'>\u{1}"

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        guard !bytes.contains(1) else { return }
        var replacements = PageDesign.Replacements()
        replacements.templates = [TemplateSet.Source(name: "problem", file: "/t/problem.mustache", bytes: bytes)]
        do {
            let design = try PageDesign(languages: .builtIn, replacements: replacements)
            let shape = PageShape(
                template: .problem, language: 0, platform: .other, choice: AppChoice(shown: nil, hidden: []),
                problem: .used)
            let page = design.compile(shape).render { _, page in Markup.append(escaping: Self.hostile, to: &page) }
            let text = String(decoding: page, as: UTF8.self)
            expect(!text.contains(Self.hostile), "a value is in the page as it is")
            expect(text.utf8.count <= TemplateSet.largestPage + 1_000_000, "a page of \(text.utf8.count) bytes")
        } catch {
            expect(!error.diagnostics.isEmpty, "refused without a reason")
            // Lines end with line feeds here, and nothing else.
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            for mistake in error.diagnostics where mistake.file == "/t/problem.mustache" {
                expect(
                    lines.indices.contains(mistake.line - 1)
                        && (1...lines[mistake.line - 1].count + 1).contains(mistake.column),
                    "no such place: \(mistake)")
                expect(mistake.description.isHarmless, "not one line of text: \(mistake.description.debugDescription)")
            }
        }
    }
}
