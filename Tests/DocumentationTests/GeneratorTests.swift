import Shell
import TestSupport
import Testing

@testable import generate_docs

@Suite struct GeneratorTests {
    private let registry = CommandRegistry.standard

    // MARK: The manual

    @Test func textIsProtectedFromTheFormatter() {
        var page = ManualPage("x", section: 1, summary: "a-b")
        page.section("A \"B\"")
        page.line(".begins with a dot, has a back\\slash, `--an-option`, it's …")
        page.item("--one TWO [THREE|four]", "'tis")
        page.literal("  .TH\nü")
        let lines = page.text.split(separator: "\n").map(String.init)
        #expect(
            lines.dropFirst(2) == [
                ".SH NAME", "x \\- a\\-b", ".SH \"A \\(dqB\\(dq\"",
                "\\&.begins with a dot, has a back\\eslash, \\fB\\-\\-an\\-option\\fR, it\\(aqs ...",
                ".TP", "\\fB\\-\\-one\\fR \\fITWO\\fR [\\fITHREE\\fR|\\fBfour\\fR]", "\\(aqtis", ".PP", ".RS 4", ".nf",
                "  .TH", "\\[u00FC]", ".fi", ".RE",
            ])
    }

    @Test func everyCommandIsInTheManualAndInTheReference() {
        let page = ManualPage.client(registry).text
        let reference = ShellReference.document(registry)
        for spec in registry.commands {
            #expect(page.contains(".SS \"\(spec.name)\"\n"), "\(spec.name)")
            #expect(reference.contains("\n### \(spec.name)\n\n    \(spec.usage)\n"), "\(spec.name)")
            #expect(reference.contains("(#\(spec.path.joined(separator: "-")))"), "\(spec.name)")
            for option in spec.options { #expect(reference.contains("`--\(option.name)"), "\(spec.name)") }
            for field in spec.result.fields { #expect(reference.contains("| `\(field.name)` |"), "\(field.name)") }
            for example in spec.examples { #expect(reference.contains("\ninvitectl \(example.line)\n")) }
        }
        for code in ResultCode.allCases {
            #expect(reference.contains("| \(code.exitStatus.rawValue) | `\(code.rawValue)` |"), "\(code)")
        }
    }

    // MARK: The schema

    @Test func everyAnswerHasASchema() throws {
        let definitions = try #require(JSONSchema.document(of: registry)["$defs"]?.object)
        for spec in registry.commands {
            #expect((definitions[JSONSchema.key(of: spec)] != nil) == !spec.result.fields.isEmpty, "\(spec.name)")
        }
        #expect(Set(registry.commands.map(JSONSchema.key)).count == registry.commands.count)
    }

    @Test func fieldsBecomeProperties() throws {
        let spec = CommandSpec(
            "x", "",
            result: .table([
                Field("a", .choice(["b"]), "what", isOptional: true),
                Field("c", .list(.object([Field("d", .flag, "")])), ""),
            ]), examples: [])
        let schema = try #require(JSONSchema.schema(of: spec))
        #expect(schema["additionalProperties"] == false)
        #expect(schema["required"] == ["c"])
        #expect(
            schema["properties"]?["a"] == [
                "type": ["string", "null"], "enum": ["b", .null], "description": "what",
            ])
        #expect(schema["properties"]?["c"]?["items"]?["required"] == ["d"])
    }

    @Test func prettyJSONIsTheSameJSON() throws {
        let document = JSONSchema.document(of: registry)
        #expect(try JSON(reading: document.pretty.utf8) == document)
        #expect(JSON.object([:]).pretty == "{}\n")
        #expect(
            (["b": [1, 2], "a": [["c": .null]]] as JSON).pretty == """
                {
                  "a": [
                    {
                      "c": null
                    }
                  ],
                  "b": [1, 2]
                }

                """)
    }
}
