import NIOCore
import TestSupport
import Testing

@testable import XMPP

@Suite struct XMLWriterTests {
    @Test(arguments: [
        (Element("iq", namespace: Namespaces.component), "<iq/>"),
        (Element("iq", namespace: Namespaces.client), "<iq xmlns='jabber:client'/>"),
        (Element("x", namespace: ""), "<x xmlns=''/>"),
        (Element("x", namespace: Namespaces.component, text: ""), "<x></x>"),
        (Element("x", namespace: Namespaces.component, attributes: ["a": nil, "b": "1", "c": ""]), "<x b='1' c=''/>"),
        (
            Element("x", namespace: Namespaces.component, attributes: ["a": "<>&'\"\t\n\r"], text: "<>&'\"\t\n\r"),
            "<x a='&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;'>&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;</x>"
        ),
        (
            Element("x", namespace: Namespaces.component, text: "a\u{0}b\u{1F}c\u{FFFE}d\u{FFFF}e\u{F000}f\u{7F}"),
            "<x>a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{F000}f\u{7F}</x>"
        ),
        (Element("x", namespace: "a'b<c"), "<x xmlns='a&apos;b&lt;c'/>"),
    ])
    func writes(element: Element, xml: String) {
        #expect(element.xml() == xml)
    }

    @Test func aNamespaceIsDeclaredWhereItChanges() {
        let inner = Element("c", namespace: Namespaces.component)
        let element = Element(
            "a", namespace: Namespaces.component,
            children: [
                Element("b", namespace: "urn:x", children: [Element("b", namespace: "urn:x", children: [inner])]),
                inner,
            ])
        #expect(
            element.xml() == "<a><b xmlns='urn:x'><b><c xmlns='jabber:component:accept'/></b></b><c/></a>")
        #expect(inner.xml(inside: "") == "<c xmlns='jabber:component:accept'/>")
    }

    @Test func attributesWithNamespacesGetPrefixesOfTheirOwn() throws {
        var element = Element("x", namespace: Namespaces.component)
        element.attributes = [
            .init(name: "p", namespace: "urn:a", value: "1"), .init(name: "p", namespace: "urn:b", value: "2"),
            .init(name: "q", namespace: "urn:a", value: "3"), .init(name: "p", value: "4"),
        ]
        element.language = "en"
        #expect(try XMPPTests.element(element.xml()) == element)
        #expect(element.xml().contains(" xml:lang='en'"))
    }

    @Test func aPrefixedElementOfTheXMLNamespaceCanBeWrittenAgain() throws {
        let odd = try element("<iq><xml:x xml:id='1'/></iq>")
        #expect(try element(odd.xml()) == odd)
    }

    @Test func whatIsWrittenIsReadBack() {
        var random = SeededGenerator(seed: 1)
        var sent: [Element] = []
        var text = streamHeader
        for _ in 0..<1500 {
            let element = random.element(depth: 4)
            sent.append(element)
            text += element.xml()
        }
        let whole = ParseOutcome(text)
        #expect(whole.error == nil)
        #expect(whole.elements == sent)
        let pieces = ParseOutcome(pieces: text.utf8.pieces(of: 1...700, using: &random))
        #expect(pieces == whole)
    }

    @Test func whatXMLCannotSayDoesNotBreakTheStream() throws {
        for value in UInt32(0)...0xFFFF {
            guard let scalar = Unicode.Scalar(value), value < 0x100 || value >= 0xFFF0 else { continue }
            let sent = Element("x", namespace: "urn:x", attributes: ["a": String(scalar)], text: String(scalar))
            let read = try element(sent.xml())
            let isExpressible = [0x9, 0xA, 0xD].contains(value) || (value >= 0x20 && value < 0xFFFE)
            #expect(read["a"] == (isExpressible ? String(scalar) : "\u{FFFD}"), "\(value)")
            #expect(read.text == read["a"])
        }
    }

    @Test func appendsToWhatIsThere() {
        var writer = XMLWriter()
        writer.write(Element("a", namespace: Namespaces.component))
        writer.write(Element("b", namespace: "urn:x"), inside: "urn:x")
        #expect(String(buffer: writer.buffer) == "<a/><b/>")
    }
}
