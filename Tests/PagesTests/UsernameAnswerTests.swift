import Foundation
import Invites
import Languages
import Testing

@testable import Pages

/// The answers to the form's script, and where the script is.
@Suite struct UsernameAnswerTests {
    private static let bob = Account(localpart: "b\"o\u{301}<b>", domain: "example.com")
    private static let languages = LanguageCatalog.builtIn.all.map(\.language)
    private let samples = Samples()

    private func answer(_ answer: UsernameAnswer, _ language: String, by renderer: PageRenderer) throws -> [String:
        String]
    {
        let rendered = renderer.render(answer, for: samples.visitor(language))
        #expect(rendered.language == language)
        return try JSONDecoder().decode([String: String].self, from: Data(rendered.body))
    }

    @Test(arguments: languages)
    func eachAnswerIsSaidInEachLanguage(language: String) throws {
        let renderer = try Samples.renderer()
        var texts: Set<String> = []
        let answers: [(UsernameAnswer, state: String, hasAddress: Bool)] = [
            (.free(Self.bob), "free", true), (.taken, "taken", false), (.invalid, "invalid", false),
            (.possible(Self.bob), "possible", true),
        ]
        for (value, state, hasAddress) in answers {
            let said = try answer(value, language, by: renderer)
            #expect(said.keys.sorted() == ["state", "text"] && said["state"] == state)
            let text = try #require(said["text"])
            // As it is, for a script that writes text, and without a say in the direction of the sentence.
            #expect(text.contains("\u{2068}\(Self.bob)\u{2069}") == hasAddress)
            #expect(!text.contains("%{") && texts.insert(text).inserted)
        }
    }

    @Test func onlyAFormWithANameToChooseHasTheScript() throws {
        let renderer = try Samples.renderer()
        for (name, page) in try samples.pages() {
            let body = renderer.render(page, of: samples.site, for: samples.visitor("de")).body
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.contains("<script") == page.asksAboutUsernames, "\(name)")
            #expect(text.contains(" data-check=") == page.asksAboutUsernames, "\(name)")
            guard page.asksAboutUsernames else { continue }
            let script = try #require(
                text.firstMatch(of: /<script src="[^"]*\/-\/static\/(username-[0-9a-f]{16}\.js)" defer><\/script>/))
            let file = try #require(renderer.staticFile(String(script.1)))
            #expect(file.contentType == "text/javascript; charset=utf-8" && !file.body.isEmpty)
        }
    }
}
