import Invites
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite struct WordingTests {
    @Test(arguments: Wording.all) func nothingIsLeftUnsaid(_ wording: Wording) {
        for (name, text) in Mirror(reflecting: wording).children {
            let text = text as? String ?? ""
            #expect(!text.isEmpty, "\(wording.language) \(name ?? "")")
            #expect(text == text.trimmed, "\(wording.language) \(name ?? "")")
        }
    }

    @Test func languagesDiffer() {
        let differing = zip(Mirror(reflecting: Wording.english).children, Mirror(reflecting: Wording.german).children)
            .filter { ($0.value as? String) != ($1.value as? String) }
        // "Domain" is both.
        #expect(differing.count >= 18)
        #expect(Set(Wording.all.map(\.language)).count == Wording.all.count)
    }

    @Test(
        arguments: [
            (nil, "en"), ("", "en"), ("en", "en"), ("en-GB", "en"), ("de", "de"), ("DE", "de"), ("de-AT", "de"),
            ("de-Latn-DE-1996", "de"), ("fr", "en"), ("deu", "en"), ("-de", "de"), ("x", "en"),
        ] as [(String?, String)])
    func theLanguageOfARequestPicksIt(_ tag: String?, _ language: String) {
        #expect(Wording.for(tag).language == language)
    }

    @Test(arguments: Wording.all) func everyDenialHasItsReason(_ wording: Wording) {
        #expect(wording.text(for: .notUserOfHost) == wording.onlyUsersOfHost)
        #expect(wording.text(for: .notAdmin) == wording.onlyAdmins)
        #expect(wording.text(for: .contactInvitesOff) == wording.onlyAdmins)
    }
}

extension String {
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character.isWhitespace }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
