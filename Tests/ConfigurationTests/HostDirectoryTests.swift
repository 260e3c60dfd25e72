import Foundation
import Invites
import TestSupport
import Testing
import XMPP
import YAML

@testable import Configuration

/// What the hosts' files say together.
@Suite struct HostDirectoryTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.writeDaemonFile()
    }

    private func load() -> LoadedConfiguration {
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(loaded.isConsistent)
        return loaded
    }

    @Test func whatAFileLeavesOutIsBuiltIn() throws {
        try directory.write("{}", to: "config.d/example.com.yaml")
        let host = try #require(load().hosts["example.com"])
        #expect(host == HostConfiguration(host: "example.com"))
        #expect(host.admins.isEmpty)
        #expect(!host.allowUserInvites)
        #expect(host.allowContactInvites)
        #expect(host.inviteExpiry.description == "1w")
        #expect(host.serviceAddress == nil)
        #expect(host.siteName == nil)
    }

    @Test func everySettingIsRead() throws {
        try directory.write(
            """
            host: example.com
            admins: [Admin@Example.com, boss@host.example]
            allow_user_invites: true
            allow_contact_invites: false
            invite_expiry: 1d12h
            service_address: Invites.Example.com
            site_name: "yes"
            """, to: "config.d/example.com.yaml")
        let host = try #require(load().hosts["example.com"])
        #expect(host.admins == [try JID("admin@example.com"), try JID("boss@host.example")])
        #expect(host.allowUserInvites)
        #expect(!host.allowContactInvites)
        #expect(host.inviteExpiry.seconds == 129_600)
        #expect(host.serviceAddress == "invites.example.com")
        #expect(host.siteName == "yes")
    }

    @Test func defaultsStandInForWhatAFileLeavesOut() throws {
        let defaults =
            "{admins: [boss@host.example], allow_user_invites: true, allow_contact_invites: false, "
            + "invite_expiry: 2d, site_name: Everywhere}"
        try directory.writeDaemonFile(defaults: defaults)
        try directory.write("{}", to: "config.d/a.example.yaml")
        try directory.write(
            "admins: []\nallow_user_invites: false\nallow_contact_invites: true\ninvite_expiry: 1h\nsite_name: B",
            to: "config.d/b.example.yaml")
        let loaded = load()
        let a = try #require(loaded.hosts["a.example"])
        #expect(a.admins == [try JID("boss@host.example")])
        #expect(a.allowUserInvites && !a.allowContactInvites)
        #expect(a.inviteExpiry.description == "2d" && a.siteName == "Everywhere")
        let b = try #require(loaded.hosts["b.example"])
        #expect(b.admins.isEmpty && !b.allowUserInvites && b.allowContactInvites)
        #expect(b.inviteExpiry.description == "1h" && b.siteName == "B")
    }

    @Test func everyValueHasAnOrigin() throws {
        try directory.writeDaemonFile(defaults: "{invite_expiry: 2d}")
        try directory.write("site_name: Example\nadmins:\n  - a@example.com\n", to: "config.d/example.com.yaml")
        let loaded = load()
        func origin(_ key: HostKey) -> String? {
            loaded.origin(of: key, for: "example.com")?.description.replacingOccurrences(
                of: directory.path + "/", with: "")
        }
        #expect(origin(.host) == "config.d/example.com.yaml:1:1")
        #expect(origin(.siteName) == "config.d/example.com.yaml:1:12")
        #expect(origin(.admins) == "config.d/example.com.yaml:3:3")
        #expect(origin(.inviteExpiry) == "invited.yaml:2:27")
        #expect(origin(.allowUserInvites) == "default")
        #expect(loaded.origin(of: .host, for: "b.example") == nil)
    }

    @Test func leftoversAreIgnored() throws {
        let names = [
            "example.com", "README", ".example.com.yaml", ".#example.com.yaml", "#example.com.yaml#",
            "example.com.yaml~",
            ".example.com.yaml.swp", "example.com.yaml.dpkg-old", "example.com.yaml.rpmsave", "example.com.yaml.bak",
        ]
        for name in names { try directory.write("nonsense: [", to: "config.d/\(name)") }
        let loaded = load()
        #expect(loaded.diagnostics.isEmpty)
        #expect(loaded.hosts.isEmpty)
    }

    @Test func nearlyRightNamesAreReported() throws {
        for name in ["a.example.yml", "b.example.YAML", "c.example.Yml"] {
            try directory.write("{}", to: "config.d/\(name)")
        }
        let loaded = load()
        #expect(
            directory.text(loaded.diagnostics) == [
                "config.d/a.example.yml:1:1: this file is not read: name it `a.example.yaml`",
                "config.d/b.example.YAML:1:1: this file is not read: name it `b.example.yaml`",
                "config.d/c.example.Yml:1:1: this file is not read: name it `c.example.yaml`",
            ])
        #expect(loaded.hosts.isEmpty)
    }

    @Test func aFileNameIsPrepared() throws {
        try directory.write("{}", to: "config.d/Example.COM.yaml")
        try directory.write("host: BÜCHER.example", to: "config.d/bücher.example.yaml")
        #expect(Set(load().hosts.keys) == ["example.com", "bücher.example"])
    }

    @Test func twoFilesForOneHostAreBothRefused() throws {
        try directory.write("\nhost: example.com", to: "config.d/Example.com.yaml")
        try directory.write("{}", to: "config.d/example.com.yaml")
        try directory.write("{}", to: "config.d/other.example.yaml")
        let loaded = load()
        #expect(
            directory.text(loaded.diagnostics) == [
                "config.d/Example.com.yaml:2:7: `example.com` has another file, config.d/example.com.yaml:1:1; "
                    + "keep one: none of them is used",
                "config.d/example.com.yaml:1:1: `example.com` has another file, config.d/Example.com.yaml:2:7; "
                    + "keep one: none of them is used",
            ])
        #expect(Set(loaded.hosts.keys) == ["other.example"])
        #expect(loaded.refused.map(\.host) == ["example.com", "example.com"])
    }

    /// Servers, DNS and certificates know one host, whichever way its name is written.
    @Test func twoFormsOfOneNameAreOneHost() throws {
        try directory.write("{}", to: "config.d/bücher.example.yaml")
        try directory.write("{}", to: "config.d/other.example.yaml")
        try directory.write("\nhost: XN--BCHER-KVA.example", to: "config.d/xn--bcher-kva.example.yaml")
        let loaded = load()
        #expect(
            directory.text(loaded.diagnostics) == [
                "config.d/xn--bcher-kva.example.yaml:2:7: `xn--bcher-kva.example` is `bücher.example` to servers, "
                    + "which has a file, config.d/bücher.example.yaml:1:1; keep one"
            ])
        let told = loaded.diagnostics.map { $0.redacted { $0 != "bücher.example" }.message }
        #expect(told == ["`xn--bcher-kva.example` has a file under its other name; keep one"])
        #expect(Set(loaded.hosts.keys) == ["bücher.example", "other.example"])
        // Alone, either is good.
        try directory.remove("config.d/bücher.example.yaml")
        #expect(load().diagnostics.isEmpty)
        #expect(load().hosts["xn--bcher-kva.example"] != nil)
    }

    @Test func aNameInASCIIThatIsNoneInUnicodeIsAHostOfItsOwn() throws {
        for host in ["xn--.example", "xn--a.example", "xn--bcher.example", "bücher.example", "bucher.example"] {
            try directory.write("{}", to: "config.d/\(host).yaml")
        }
        #expect(directory.text(load().diagnostics).filter { $0.contains("to servers") } == [])
    }

    @Test func theComponentIsNoHostInEitherForm() throws {
        try directory.write(
            "component: {jid: xn--bcher-kva.example, secret: hunter2}\n", to: "invited.yaml")
        try directory.write("{}", to: "config.d/bücher.example.yaml")
        #expect(
            directory.text(load().diagnostics) == [
                "config.d/bücher.example.yaml:1:1: `bücher.example` is the component's own address, "
                    + "set at invited.yaml:1:18"
            ])
    }

    @Test func aNameThatIsNotUTF8IsReported() throws {
        let name = Array("\(directory.path)/config.d/".utf8) + [0x6B, 0xE4, 0x73, 0x65] + Array(".yaml\0".utf8)
        let file = try #require(name.withUnsafeBytes { fopen($0.bindMemory(to: CChar.self).baseAddress!, "w") })
        fclose(file)
        let loaded = load()
        #expect(directory.text(loaded.diagnostics) == ["config.d/k\u{FFFD}se.yaml:1:1: the file's name is not UTF-8"])
    }

    @Test func anEscapeSequenceInANameStaysText() throws {
        try directory.write("{}", to: "config.d/a\n\u{1B}[31m.yaml")
        let loaded = load()
        let text = try #require(directory.text(loaded.diagnostics).first)
        #expect(text.hasPrefix(#"config.d/a\u{A}\u{1B}[31m.yaml:1:1: the file's name is not a domain"#))
    }

    @Test func hostNamesAreBounded() throws {
        // 240 bytes is the limit for a host; with `.yaml` both still fit a file's name.
        let longest = [String](repeating: String(repeating: "x", count: 59), count: 4).joined(separator: ".") + ".y"
        #expect(longest.utf8.count == 241)
        try directory.write("{}", to: "config.d/\(longest).yaml")
        try directory.write("{}", to: "config.d/\(longest.dropFirst()).yaml")
        let loaded = load()
        #expect(
            directory.text(loaded.diagnostics) == [
                "config.d/\(longest).yaml:1:1: the host's name is longer than 240 bytes"
            ])
        #expect(loaded.hosts.count == 1)
    }

    @Test func aHostIsNotTheComponent() throws {
        try directory.write("{}", to: "config.d/invites.host.example.yaml")
        let loaded = load()
        #expect(
            directory.text(loaded.diagnostics) == [
                "config.d/invites.host.example.yaml:1:1: `invites.host.example` is the component's own address, "
                    + "set at invited.yaml:1:18"
            ])
    }
}
