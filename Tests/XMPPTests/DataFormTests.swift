import TestSupport
import Testing

@testable import XMPP

@Suite struct DataFormTests {
    private func form(using random: inout SeededGenerator) -> DataForm {
        func many<Value>(_ most: Int, _ make: (inout SeededGenerator) -> Value) -> [Value] {
            (0..<Int.random(in: 0...most, using: &random)).map { _ in make(&random) }
        }
        func maybe(_ random: inout SeededGenerator) -> String? {
            Bool.random(using: &random) ? random.text(upTo: 5) : nil
        }
        var form = DataForm(random.pick(DataForm.Kind.allCases))
        form.title = maybe(&random)
        form.instructions = many(2) { $0.text(upTo: 5) }
        form.fields = many(5) { random in
            DataForm.Field(
                maybe(&random), kind: random.pick([nil] + DataForm.Field.Kind.allCases.map { $0 }),
                label: maybe(&random),
                isRequired: Bool.random(using: &random))
        }
        for index in form.fields.indices {
            form.fields[index].values = many(3) { $0.text(upTo: 5) }
            form.fields[index].options = many(3) { .init(label: maybe(&$0), value: $0.text(upTo: 4)) }
        }
        return form
    }

    @Test func everyFormIsReadAsItWasWritten() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let form = form(using: &random)
            #expect(try DataForm(element(form.element.xml())) == form)
            #expect(DataForm(form.element) == form)
        }
    }

    @Test func fields() throws {
        let form = try #require(
            DataForm(
                element(
                    """
                    <x xmlns='jabber:x:data' type='submit'>
                      <field type='hidden' var='FORM_TYPE'><value>urn:form</value></field>
                      <field var='many'><value>1</value><value/></field>
                      <field var='none'/>
                      <field var='odd' type='made-up'><odd/><value>x</value></field>
                      <other xmlns='urn:other'/>
                    </x>
                    """)))
        #expect(form.kind == .submit && form.formType == "urn:form")
        #expect(form["many"]?.values == ["1", ""] && form.value(of: "many") == "1")
        #expect(form["none"]?.values == [] && form.value(of: "none") == nil)
        #expect(form["odd"]?.kind == nil && form.value(of: "odd") == "x")
        #expect(form["gone"] == nil && form.fields.count == 4)
        #expect(DataForm.Field.formType("urn:form") == form["FORM_TYPE"])
    }

    @Test(
        arguments: [
            ("1", true), ("true", true), ("0", false), ("false", false), ("yes", nil), ("TRUE", nil), ("", nil),
        ] as [(String, Bool?)])
    func booleans(text: String, value: Bool?) {
        #expect(DataForm.Field("b", values: [text]).boolean == value)
    }

    @Test func noForms() throws {
        for xml in ["<x xmlns='jabber:x:data'/>", "<x xmlns='jabber:x:data' type='odd'/>", "<x type='form'/>"] {
            #expect(try DataForm(element(xml)) == nil)
        }
        #expect(DataForm.Field("b").boolean == nil)
    }
}
