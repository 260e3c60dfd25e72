import Invites
import TestSupport
import Testing
import XMPP
import YAML

@testable import Configuration

@Suite struct SettingOverridesTests {
    private let base: HostConfiguration

    init() throws {
        base = HostConfiguration(host: "a.example", admins: [try JID("root@a.example")], siteName: "A")
    }

    @Test func whatIsSetGoesBeforeTheFile() throws {
        var overrides = SettingOverrides()
        #expect(overrides.applied(to: base) == base)
        try overrides.set(.allowUserInvites, to: ["true"])
        try overrides.set(.admins, to: ["Ann@A.Example", "bob@a.example"])
        try overrides.set(.inviteExpiry, to: ["1d12h"])
        try overrides.set(.siteName, to: ["Our place"])
        try overrides.set(.serviceAddress, to: ["invites.a.example"])
        try overrides.set(.suspended, to: ["true"])
        #expect(
            overrides.applied(to: base)
                == HostConfiguration(
                    host: "a.example", admins: [try JID("ann@a.example"), try JID("bob@a.example")],
                    allowUserInvites: true,
                    inviteExpiry: try Lifetime("36h"), serviceAddress: "invites.a.example", siteName: "Our place",
                    suspended: true))
        #expect(
            overrides.keys
                == [.admins, .allowUserInvites, .inviteExpiry, .serviceAddress, .siteName, .suspended])
        #expect(overrides.value(of: .admins) == "[ann@a.example, bob@a.example]")
        overrides.drop([.suspended, .admins])
        #expect(overrides.value(of: .admins) == nil && overrides.applied(to: base).admins == base.admins)
        overrides.drop(HostKey.allCases)
        #expect(overrides.isEmpty && overrides.applied(to: base) == base && overrides == SettingOverrides())
    }

    @Test(arguments: [
        (["[]"], "[]"), (["[ann@a.example,", "bob@a.example]"], "[ann@a.example, bob@a.example]"),
        (["true@a.example"], "[true@a.example]"),
    ])
    func listsAreWordsOrAsInTheFile(words: [String], value: String) throws {
        var overrides = SettingOverrides()
        try overrides.set(.admins, to: words)
        #expect(overrides.value(of: .admins) == value)
    }

    @Test func aTextIsATextWhateverItLooksLike() throws {
        var overrides = SettingOverrides()
        try overrides.set(.siteName, to: ["1.10"])
        #expect(overrides.applied(to: base).siteName == "1.10" && overrides.value(of: .siteName) == #""1.10""#)
    }

    @Test(arguments: [
        (HostKey.allowUserInvites, ["yes"], "`allow_user_invites` wants true or false: write true instead of `yes`"),
        (
            .allowUserInvites, ["true", "false"],
            "`allow_user_invites` takes one value, not 2; quote one that has spaces"
        ),
        (.inviteExpiry, ["0d"], "`invite_expiry` `0d`: "), (.host, ["b.example"], "`host` cannot be set"),
        (.admins, ["a.example"], "`a.example` is a domain; `admins` wants people, such as `admin@a.example`"),
        (
            .admins, ["Admin"],
            "`Admin` is no bare JID; `admins` wants people with their host, such as `admin@b.example`"
        ),
        (.admins, ["[ann@a.example"], ""), (.admins, ["[&a x@a.example]"], ""),
        (.siteName, [String(repeating: "x", count: 201)], "`site_name` is longer than 200 characters"),
        // One visible character, with any number of combining marks.
        (.siteName, ["e" + String(repeating: "\u{301}", count: 200)], "`site_name` is longer than 200 characters"),
        (.admins, (0...1000).map { "a\($0)@a.example" }, "`admins` has more than 1000 addresses"),
        (.serviceAddress, ["a@b.example"], "`service_address` wants a domain alone"),
    ])
    func whatAFileMayNotSayCannotBeSet(key: HostKey, words: [String], mistake: String) throws {
        var overrides = SettingOverrides()
        let error = #expect(throws: SettingMistake.self) { try overrides.set(key, to: words, on: "b.example") }
        #expect(error?.description.hasPrefix(mistake) == true, "\(error?.description ?? "")")
        #expect(overrides.isEmpty && overrides == SettingOverrides())
    }

    @Test func anUnknownKeyIsToldWhatWasMeant() throws {
        #expect(try HostKey(named: "suspended") == .suspended)
        let error = #expect(throws: SettingMistake.self) { try HostKey(named: "allow_user_invite") }
        #expect(error?.description == "unknown key `allow_user_invite`; did you mean `allow_user_invites`?")
    }
}

@Suite struct YAMLTextTests {
    @Test(arguments: [
        "plain", "Two words", "1.10", "true", "null", "~", "", " led", "trailing ", "a: b", "a #b", "[x]", "{x}",
        "it's",
        "\"quoted\"", "back\\slash", "-", "- x", "?", "x,y", "ünï", "日本", "🦊", "\u{202E}evil", "a\u{2028}b", "@x",
        "0x1F",
        "<<", "x:", "*a", "&a", "!t", "%", "1e3", "a\u{7F}b", "\u{FEFF}x",
    ])
    func isReadBackAsTheSame(text: String) throws {
        var report = DiagnosticReport(file: "f")
        let read = YAMLReader.read(Array(YAMLText.list([text, "x"]).utf8), report: &report)
        guard case .sequence(let items)? = read?.content, items.count == 2,
            case .scalar(let scalar) = items[0].content
        else {
            Issue.record("\(YAMLText.list([text])): \(report.sorted)")
            return
        }
        #expect(scalar.text == text && items[0].kind == .text)
    }
}
