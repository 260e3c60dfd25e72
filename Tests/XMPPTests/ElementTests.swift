import Testing

@testable import XMPP

@Suite struct ElementTests {
    let sample = Element(
        "a", namespace: "urn:a", attributes: ["x": "1", "gone": nil],
        content: [
            .text("one "), .element(Element("b", namespace: "urn:b", text: "inner")), .text("two"),
            .element(Element("b", namespace: "urn:a")),
        ])

    @Test func finds() {
        #expect(sample["x"] == "1")
        #expect(sample["gone"] == nil)
        #expect(sample.text == "one two")
        #expect(sample.children.map(\.namespace) == ["urn:b", "urn:a"])
        #expect(sample.firstChild?.namespace == "urn:b")
        #expect(sample.child("b", namespace: "urn:a")?.content.isEmpty == true)
        #expect(sample.child("b", namespace: "urn:c") == nil)
        #expect(sample.is("a", "urn:a") && !sample.is("a", "urn:b") && !sample.is("b", "urn:a"))
        #expect(Element("a", namespace: "").text == "")
        #expect(Element("a", namespace: "").firstChild == nil)
    }

    @Test func anAttributeOfAnotherNamespaceIsAnotherAttribute() throws {
        let element = try element("<iq xmlns:p='urn:p' p:id='theirs' xml:lang='de'><x xml:lang=''/></iq>")
        #expect(element["id"] == nil)
        #expect(element["lang"] == nil)
        #expect(element.language == "de")
        #expect(element.firstChild?.language == "")
    }

    @Test func prefixesDoNotMatter() throws {
        #expect(
            try element("<iq><p:x xmlns:p='urn:p'><p:y/></p:x></iq>") == element("<iq><x xmlns='urn:p'><y/></x></iq>"))
        #expect(try element("<iq><x xmlns='urn:p'/></iq>") != element("<iq><x/></iq>"))
    }

    @Test func languageIsSetAndRemoved() {
        var element = sample
        element.language = "en"
        element.language = "fr"
        #expect(element.language == "fr")
        #expect(element.attributes.count == 2)
        element.language = nil
        #expect(element == sample)
    }
}
