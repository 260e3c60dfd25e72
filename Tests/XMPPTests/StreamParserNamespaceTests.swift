import NIOCore
import Testing

@testable import XMPP

/// What is wrong only to Namespaces in XML concerns one stanza: servers relay names as their users write them.
@Suite struct StreamParserNamespaceTests {
    @Test(
        arguments: [
            ("<p:iq/>", "<iq xmlns=''/>"),
            ("<iq p:a='1'/>", "<iq a='1'/>"),
            ("<iq><p:x xmlns:p='urn:p'/><p:x/></iq>", "<iq><x xmlns='urn:p'/></iq>"),
            ("<iq><command q:x='1'><a/><b/></command>text</iq>", "<iq><command x='1'><a/></command></iq>"),
            ("<iq><q><r><s><t><u p:v=''/></t></s></r></q></iq>", "<iq><q><r><s><t/></s></r></q></iq>"),
            // The same attribute twice, which only a parser that knows namespaces can see.
            ("<iq><q xmlns:a='urn:q' xmlns:b='urn:q' a:x='1' b:x='2'/></iq>", nil),
            ("<iq><q xmlns:p=''/></iq>", "<iq><q/></iq>"),
            ("<iq><q xmlns:xml='urn:q'/></iq>", "<iq><q/></iq>"),
            ("<iq><q xmlns:xmlns='urn:q'/></iq>", "<iq><q/></iq>"),
            ("<iq><q xmlns:p='http://www.w3.org/2000/xmlns/'/></iq>", "<iq><q/></iq>"),
            ("<iq><q xmlns='http://www.w3.org/XML/1998/namespace'/></iq>", nil),
            ("<iq><a:b:c/></iq>", nil), ("<iq><a:b:c></a:b:c></iq>", nil),
            ("<iq><:a>t</:a></iq>", nil), ("<iq><a:>t</a:></iq>", nil), ("<iq><:>t</:></iq>", nil),
            ("<iq><a::b>t</a::b></iq>", nil), ("<iq><a:1>t</a:1></iq>", nil), ("<iq><q a:='1' :b='2'/></iq>", nil),
            ("<iq><xmlns:q/></iq>", nil), ("<iq><q xmlns:='urn:q'/></iq>", nil),
            ("<iq><q xmlns:a:b='urn:q'/></iq>", nil),
        ] as [(String, String?)])
    func concernsOneStanza(stanza: String, outline: String?) throws {
        let stream = streamHeader + "<iq id='before'/>" + stanza + "<iq id='after'><q/></iq>"
        let whole = ParseOutcome(stream)
        #expect(whole.error == nil)
        try #require(whole.events.count == 4)
        #expect(try whole.events[1] == .element(element("<iq id='before'/>")))
        #expect(try whole.events[3] == .element(element("<iq id='after'><q/></iq>")))
        guard case .refused(let refused) = whole.events[2] else {
            Issue.record("\(whole.events[2])")
            return
        }
        #expect(refused.reason == .namespace)
        if let outline { #expect(try refused.outline == element(outline)) }
        #expect(ParseOutcome(pieces: stream.utf8.map { [$0] }) == whole)
    }

    /// Declarations of a stanza do not apply to the next one, whatever its outcome.
    @Test func aDeclarationEndsWithItsElement() throws {
        let limits = ParserLimits(elements: 3)
        for first in [
            "<iq xmlns:p='urn:p'/>", "<iq xmlns:p='urn:p'><a/><b/><c/></iq>", "<iq xmlns:p='urn:p'><q:a/></iq>",
        ] {
            #expect(
                try ParseOutcome(streamHeader + first + "<iq><p:x/></iq>", limits: limits).events.last
                    == refused(.namespace, "<iq><x xmlns=''/></iq>"))
        }
    }

    @Test(arguments: ["<p:stream xmlns='jabber:component:accept'>", "<stream p:a=''>"])
    func concernsTheStreamWhereItIsInItsHeader(header: String) {
        #expect(ParseOutcome(header + "<iq/>").error?.condition == .badNamespacePrefix)
    }
}
