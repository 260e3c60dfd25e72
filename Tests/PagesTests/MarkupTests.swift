import Testing

@testable import Pages

/// Any value is inserted as text.
@Suite struct MarkupTests {
    @Test(arguments: [
        ("plain", "plain"), ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"), ("", ""),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        // One Character, and yet the end of an attribute.
        ("\"\u{301}x", "&quot;\u{301}x"), ("<\u{200D}img", "&lt;\u{200D}img"), ("日本 é", "日本 é"),
    ])
    func charactersOfHTMLAreEscaped(text: String, escaped: String) {
        #expect(String(decoding: Markup.escaping(text), as: UTF8.self) == escaped)
    }

    @Test func whatIsPercentEncodedHoldsUnreservedCharactersOnly() {
        var bytes: [UInt8] = []
        Markup.append(percentEncoding: "xmpp:a@b?register;preauth=A-._~é\"", to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "xmpp%3Aa%40b%3Fregister%3Bpreauth%3DA-._~%C3%A9%22")
    }

    private func place(after markup: String) -> MarkupScanner.Place {
        var scanner = MarkupScanner()
        scanner.feed(markup.utf8)
        return scanner.place
    }

    @Test(arguments: [
        "", "<p>", "<p>a", "a < b ", "<p class=x>", "</p>", "<br/>", "<!-- <p a=' -->", "<!DOCTYPE html>",
        "<a href='\"'>",
        "<title>a</title>", "<script>'<p>'</script>", "<a href=\"x\"title=y>", "<p a = \"b\" c>", "<!--->-->",
    ])
    func contentIsContent(markup: String) {
        #expect(place(after: markup) == .content)
    }

    @Test(arguments: [
        ("<a href=\"", "href", true), ("<a href='", "href", true), ("<a HREF = \"", "href", true),
        ("<a href=\"x", "href", false), ("<a\nhref='/\">", "href", false), ("<a b=c href=\"", "href", true),
    ])
    func anAttributeWithQuotesIsKnownByItsName(markup: String, name: String, isAtStart: Bool) {
        #expect(place(after: markup) == .attribute(name: name, isAtStart: isAtStart))
    }

    @Test(arguments: [
        "<", "<p", "<p ", "<p a", "<p a=", "<p a=b", "<!-- ", "<!-- a --", "<!DOCTYPE ", "<script>", "<style>a{}",
        "<SCRIPT>x</scrip>", "<iframe>", "</p", "</p ", "<p a='b' ",
    ])
    func elsewhereNoValueIsSafe(markup: String) {
        guard case .unsafe = place(after: markup) else {
            Issue.record("\(place(after: markup))")
            return
        }
    }

    @Test func aTitleHoldsNoElements() {
        #expect(place(after: "<title>a <b>") == .plainContent)
        #expect(place(after: "<textarea rows=\"2\">") == .plainContent)
    }
}
