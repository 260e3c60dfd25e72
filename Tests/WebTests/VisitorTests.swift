import Invites
import Pages
import Testing

@testable import Web

@Suite struct VisitorTests {
    private func visitor(_ fields: (name: String, value: String)..., query: String = "") -> Visitor {
        let request = HTTPRequest(
            method: .get, target: "/", fields: fields.map { HTTPField(name: $0.name, value: $0.value) }, body: [])
        return VisitorReader.visitor(of: request, query: query, at: Timestamp(millisecondsSinceEpoch: 0))
    }

    @Test(arguments: [
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Mobile Safari/537.36", Platform.android),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15", .ios),
        ("Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X)", .ios),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:124.0) Gecko/20100101 Firefox/124.0", .windows),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15", .macos),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0", .linux),
        ("Mozilla/5.0 (X11; FreeBSD amd64)", .linux), ("OpenBSD", .linux), ("BSD", .linux),
        ("curl/8.7.1", .other), ("BS", .other), ("", .other), ("Androi", .other), ("AAndroid", .android),
        // No more of it is inspected.
        (String(repeating: "x", count: 500) + "Android", .other),
        (String(repeating: "ü", count: 246) + "Android", .android),
    ]) func theDeviceIsWhatTheBrowserSays(agent: String, platform: Platform) {
        #expect(visitor(("user-agent", agent)).platform == platform)
    }

    @Test func languagesAreThoseOfTheBrowserAndTheOneThatWasChosen() {
        let found = visitor(("accept-language", "fr;q=0.5, de-AT"), ("accept-language", "en;q=0.1"), query: "?lang=ar")
        #expect(found.languages == ["de-AT", "fr", "en"])
        #expect(found.chosenLanguage == "ar")
        #expect(visitor(query: "?lang=%3Cscript%3E").chosenLanguage == nil)
    }
}
