import Invites
import Languages
import Testing

@testable import Component

@Suite struct RefusalTextTests {
    @Test(arguments: LanguageCatalog.builtIn.all.map(\.language)) func everyDenialHasItsReason(_ language: String)
        throws
    {
        let texts = try #require(LanguageCatalog.builtIn.texts(for: language))
        #expect(texts[InviteDenial.notUserOfHost.text] == texts[.refusalOnlyUsersOfHost])
        #expect(texts[InviteDenial.notAdmin.text] == texts[.refusalOnlyAdmins])
        #expect(texts[InviteDenial.contactInvitesOff.text] == texts[.refusalOnlyAdmins])
    }

    /// The English texts from before there were files of texts.
    @Test func englishIsAsItWas() {
        let english = Texts.english
        #expect(english[.commandInvite] == "Invite user" && english[.commandCreateAccount] == "Create account")
        #expect(english[.commandUsername] == "Username (leave empty to let the person choose)")
        #expect(english[.refusalSuspended] == "Invitations are suspended on this host.")
        #expect(english.text(.noticeAccepted, [.account: "a@b"]) == "a@b has accepted your invite.")
    }
}
