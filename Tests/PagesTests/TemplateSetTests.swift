import Testing
import YAML

@testable import Pages

/// Which templates of a provider are accepted, and the messages about others.
@Suite struct TemplateSetTests {
    private func mistakes(_ text: String, named name: String = "problem", with others: [String: String] = [:])
        -> [String]
    {
        let sources = others.merging([name: text]) { $1 }.map { name, text in
            TemplateSet.Source(name: name, file: "t/\(name).mustache", bytes: Array(text.utf8))
        }
        do {
            _ = try TemplateSet(replacing: sources) { $0 != "nonsense" && !$0.isEmpty }
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    @Test func whatComesAlongIsGood() throws {
        _ = try TemplateSet { _ in true }
    }

    @Test(arguments: [
        "", "<p>{{title}}</p>", "<p title=\"{{title}}\">{{{title}}}{{& title }}</p>", "{{! {{ }}x",
        "{{#inviter}}{{inviter}}{{/inviter}}",
        "{{^inviter}}<p>{{words.a.b}}</p>{{/inviter}}",
        "{{#app}}{{#buttons}}<a href=\"{{url}}\">{{text}}</a>{{/buttons}}{{/app}}",
        "<input{{#mistake}} required{{/mistake}}>", "<a href=\"{{site.path}}{{title}}\">x</a>",
        "<a href='/x?{{title}}'>x</a>",
        "{{>foot}}", "{{#apps}}{{>app-row}}{{/apps}}", "<p class=\"a{{#inviter}} b{{/inviter}}\">",
        "<title>{{title}}</title>",
    ])
    func theseAreGood(text: String) {
        #expect(mistakes(text) == [])
    }

    @Test(arguments: [
        ("<p>\n  {{titel}}", "2:3: there is no value `titel` here; did you mean `title`?"),
        ("{{words.nonsense}}", "1:1: there is no text `nonsense`"),
        ("{{}}", "1:1: a tag needs a name"),
        ("é{{title", "1:2: the tag is not closed on its line"),
        ("{{title\n}}", "1:1: the tag is not closed on its line"),
        ("x{", "1:1: the template ends with an opening brace"),
        ("{{#inviter}}x", "1:1: the section `inviter` is not closed"),
        ("{{/inviter}}", "1:1: no section is open here"),
        ("{{#inviter}}{{/mistake}}", "1:13: `mistake` ends here, but the open section is `inviter`"),
        ("{{>nothing}}", "1:1: there is no template `nothing`"),
        ("{{>heat}}", "1:1: there is no template `heat`; did you mean `head`?"),
        ("{{=<% %>=}}", "1:1: `=` tags are not supported: there are variables, sections, comments and includes"),
        ("{{<head}}{{/head}}", "1:1: `<` tags are not supported: there are variables, sections, comments and includes"),
        ("{{name}}", "1:1: there is no value `name` here"),
        ("{{registers}}", "1:1: `registers` is a condition, and has nothing to be written"),
        ("{{apps}}", "1:1: `apps` is a list, and can only be a section"),
        ("<p class={{title}}>", "1:10: a value cannot stand in an attribute without quotes"),
        ("<script>\"{{title}}\"</script>", "1:10: a value cannot stand inside <script>"),
        ("<!-- {{title}} -->", "1:6: a value cannot stand in a comment"),
        ("<{{title}}>", "1:2: a value cannot stand in the name of a tag"),
        ("<p {{title}}>", "1:4: a value cannot stand in a tag, where the name of an attribute is expected"),
        ("<p onclick=\"{{title}}\">", "1:13: a value cannot be in the attribute `onclick`, where it would be code"),
        ("<p style=\"color:{{title}}\">", "1:17: a value cannot be in the attribute `style`, where it would be code"),
        ("<a href=\"{{title}}\">", "1:10: `title` is no URL, and cannot begin the attribute `href`"),
        ("<a xlink:href=\"{{title}}\">", "1:16: `title` is no URL, and cannot begin the attribute `xlink:href`"),
        (
            "{{#inviter}}<p {{/inviter}}>",
            "1:16: the section `inviter` ends at another place of the markup than it began, such as inside a tag"
        ),
        (
            "<p {{#inviter}}a{{/inviter}}onclick=\"x\">",
            "1:17: the section `inviter` ends at another place of the markup than it began, such as inside a tag"
        ),
        ("<p {{>foot}}>", "1:4: an include can only stand among elements"),
        ("<p title=\"", "1:11: the template ends in the middle of a tag, an attribute or a comment"),
        ("{\u{301}{title}}", "1:1: a brace in it is followed by a combining character"),
        ("\u{F8F0}0\u{F8F1}", "1:1: U+F8F0 cannot be in a template"),
    ])
    func aMistakeIsNamedWithItsPlace(text: String, message: String) {
        #expect(mistakes(text).first == "t/problem.mustache:\(message)")
    }

    @Test func allMistakesAreNamedAtOnce() {
        let found = mistakes("{{a}}\n{{b}}\n<p {{c}}>", with: ["landing": "{{d}}"])
        #expect(
            found.map { $0.prefix { $0 != " " } } == [
                "t/landing.mustache:1:1:", "t/problem.mustache:1:1:", "t/problem.mustache:2:1:",
                "t/problem.mustache:3:4:",
                "t/problem.mustache:3:4:",
            ])
    }

    @Test func whatIncludesItselfIsRefused() {
        #expect(mistakes("{{>problem}}") == ["t/problem.mustache:1:1: the template includes itself: problem > problem"])
        let found = mistakes("{{>a}}", with: ["a": "{{>b}}", "b": "{{#inviter}}{{>a}}{{/inviter}}"])
        #expect(found == ["t/a.mustache:1:1: the template includes itself: a > b > a"])
    }

    @Test func whatWouldGrowWithoutEndIsRefused() {
        var others: [String: String] = [:]
        for level in 0..<40 { others["x\(level)"] = level == 39 ? "x" : "{{>x\(level + 1)}}{{>x\(level + 1)}}" }
        #expect(mistakes("{{>x0}}", with: others).first?.contains("could be larger than") == true)
        let nested = String(repeating: "{{#apps}}", count: 8) + "x" + String(repeating: "{{/apps}}", count: 8)
        #expect(mistakes(nested).first?.contains("could be larger than") == true)
    }

    @Test func nestingHasAnEnd() {
        let deep = String(repeating: "{{#inviter}}", count: 10_000)
        #expect(mistakes(deep).first?.contains("nested more than 16 deep") == true)
    }

    @Test func whatIsNoUTF8IsRefused() {
        let source = TemplateSet.Source(name: "problem", file: "p", bytes: [0x3C, 0xFF])
        #expect(throws: PageFileErrors.self) { try TemplateSet(replacing: [source]) { _ in true } }
    }

    /// Names of a list's items mean something inside of the list only, in parts too.
    @Test func partsKnowTheListsThatTheyAreIn() {
        #expect(mistakes("{{#apps}}{{>row}}{{/apps}}", with: ["row": "{{name}}"]) == [])
        #expect(
            mistakes("{{>row}}", with: ["row": "{{name}}"]) == ["t/row.mustache:1:1: there is no value `name` here"])
    }

    /// Any input results in templates or in mistakes.
    @Test func noTemplateIsTooOdd() {
        let pieces = [
            "{{", "}}", "{{{", "}}}", "{{#apps", "{{/apps", "}}", "\n", "<p ", "\"", "'", "=", ">", "<!--", "-->",
            "title", "!", "&", "^", " ", "\r\n", "\u{301}", "{", "}", "<script>",
        ]
        var state: UInt64 = 42
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            let bytes = Array(text.utf8)
            var checker = TemplateChecker(bytes, file: "t", lists: TemplateName.allLists, templates: ["foot"]) { _ in
                true
            }
            checker.check()
            if checker.report.isEmpty { #expect(throws: Never.self) { try TemplateSet.parse(bytes) } }
        }
    }
}
