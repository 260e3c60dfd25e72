import Foundation
import TestSupport
import Testing
import YAML

@testable import Configuration

/// Loading again reads what changed, all of it and nothing else.
@Suite struct ReloadTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.writeDaemonFile()
        for index in 0..<20 { try directory.write("site_name: Site\n", to: "config.d/h\(index).example.yaml") }
    }

    /// A loader whose clock runs an hour ahead, so that it takes every time stamp for settled.
    private func trustingLoader() -> ConfigurationLoader {
        ConfigurationLoader(
            file: "\(directory.path)/invited.yaml", credentialsDirectory: nil,
            wallClock: { FileStamp.now() + 3_600_000_000_000 })
    }

    @Test func onlyTheChangedFileIsReadAgain() throws {
        var loader = trustingLoader()
        let first = loader.load()
        #expect(first.filesRead == 20)
        #expect(loader.load().filesRead == 0)

        try directory.write("site_name: Another Site\n", to: "config.d/h7.example.yaml")
        let second = loader.load()
        #expect(second.filesRead == 1)
        let diff = ConfigurationDiff(from: first.hosts, to: second.hosts)
        #expect(diff.changed.map(\.host) == ["h7.example"])
        #expect(diff.changed.first?.keys == [.siteName])
        #expect(diff.changed.first?.new.siteName == "Another Site")
        #expect(diff.unchanged == 19)
        #expect(diff.added.isEmpty && diff.removed.isEmpty)
    }

    @Test func ofRefusedFilesTheFingerprintHasTheContentAndNotTheWording() throws {
        var loader = trustingLoader()
        try directory.write("admins: {}\n", to: "config.d/h1.example.yaml")
        let first = loader.load()
        #expect(Fingerprint(loader.load()) == Fingerprint(first))
        try directory.write("admins: {} # not yet\n", to: "config.d/h1.example.yaml")
        let second = loader.load()
        #expect(second.diagnostics == first.diagnostics)
        #expect(Fingerprint(second) != Fingerprint(first))
        // As another version would say it.
        let reworded = second.refused.map { refused in
            let other = refused.diagnostics.map { Diagnostic(location: $0.location, message: "No.") }
            return RefusedHost(host: refused.host, file: refused.file, diagnostics: other, content: refused.content)
        }
        let other = LoadedConfiguration(
            daemon: second.daemon, hosts: second.hosts, refused: reworded, diagnostics: reworded.flatMap(\.diagnostics),
            filesRead: 0, defaults: second.defaults, daemonFile: second.daemonFile, filesByHost: second.filesByHost)
        #expect(Fingerprint(other) == Fingerprint(second))
    }

    /// It is derived from the fingerprint of the previous load; a new loader has none to derive it from.
    @Test func afterEachLoadTheFingerprintIsThatOfTheFiles() throws {
        var loader = trustingLoader()
        var fingerprints: Set<Fingerprint> = []
        func load() {
            var new = trustingLoader()
            let fingerprint = Fingerprint(loader.load())
            #expect(fingerprint == Fingerprint(new.load()))
            fingerprints.insert(fingerprint)
        }
        load()
        try directory.write("suspended: true\n", to: "config.d/h1.example.yaml")
        load()
        try directory.remove("config.d/h3.example.yaml")
        load()
        try directory.write("{}", to: "config.d/new.example.yaml")
        load()
        try directory.write("site_name: [\n", to: "config.d/new.example.yaml")
        load()
        try directory.write("{}", to: "config.d/h1.example.yaml")
        load()
        #expect(fingerprints.count == 6)
    }

    @Test func filesComeAndGo() throws {
        var loader = trustingLoader()
        let first = loader.load()
        try directory.remove("config.d/h3.example.yaml")
        try directory.write("{}", to: "config.d/new.example.yaml")
        let second = loader.load()
        #expect(second.filesRead == 1)
        let diff = ConfigurationDiff(from: first.hosts, to: second.hosts)
        #expect(diff.removed == ["h3.example"])
        #expect(diff.added == [HostConfiguration(host: "new.example")])
        #expect(diff.changed.isEmpty && diff.unchanged == 19)
    }

    @Test func aMistakeIsRememberedAndForgotten() throws {
        var loader = trustingLoader()
        try directory.write("site_name: [\n", to: "config.d/h1.example.yaml")
        let bad = loader.load()
        #expect(bad.refused.map(\.host) == ["h1.example"])
        #expect(bad.hosts.count == 19)
        let again = loader.load()
        #expect(again.filesRead == 0)
        #expect(again.diagnostics == bad.diagnostics)
        try directory.write("site_name: Site\n", to: "config.d/h1.example.yaml")
        let good = loader.load()
        #expect(good.diagnostics.isEmpty && good.hosts.count == 20)
    }

    @Test func newDefaultsReachFilesThatAreNotRead() throws {
        var loader = trustingLoader()
        let first = loader.load()
        try directory.writeDaemonFile(defaults: "{allow_user_invites: true}")
        let second = loader.load()
        #expect(second.filesRead == 0)
        let diff = ConfigurationDiff(from: first.hosts, to: second.hosts)
        #expect(diff.changed.count == 20)
        #expect(diff.changed.allSatisfy { $0.keys == [.allowUserInvites] })
    }

    @Test func aFileReplacedByRenameIsRead() throws {
        var loader = trustingLoader()
        _ = loader.load()
        try directory.write("site_name: Swap\n", to: "config.d/.new")
        #expect(rename("\(directory.path)/config.d/.new", "\(directory.path)/config.d/h2.example.yaml") == 0)
        #expect(loader.load().hosts["h2.example"]?.siteName == "Swap")
    }

    @Test func aFileThatChangedAMomentAgoIsNotTrusted() throws {
        // To this clock every file changes right now, and could change again without its time stamp showing it.
        var loader = ConfigurationLoader(
            file: "\(directory.path)/invited.yaml", credentialsDirectory: nil,
            wallClock: { FileStamp.now() - 3_600_000_000_000 })
        _ = loader.load()
        #expect(loader.load().filesRead == 20)
    }

    @Test func twoSpellingsOfOneFileNameStayTwoFiles() throws {
        // The same text to Unicode, composed and decomposed; Foundation would make one file of both.
        for stem in ["b\u{FC}cher", "bu\u{308}cher"] {
            let file = try #require(fopen("\(directory.path)/config.d/\(stem).example.yaml", "w"))
            fclose(file)
        }
        var loader = trustingLoader()
        let first = loader.load()
        #expect(first.refused.count == 2)
        #expect(first.hosts.count == 20)
        #expect(
            Set(loader.load().refused.map { Array($0.file.utf8) }) == Set(first.refused.map { Array($0.file.utf8) }))
    }

    @Test func anotherDirectoryIsAnotherStart() throws {
        var loader = trustingLoader()
        _ = loader.load()
        try directory.write("{}", to: "other.d/other.example.yaml")
        try directory.write(
            "component: {jid: invites.host.example, secret: x}\nhosts_directory: other.d\n", to: "invited.yaml")
        let loaded = loader.load()
        #expect(loaded.daemon?.hostsDirectory == "\(directory.path)/other.d")
        #expect(Array(loaded.hosts.keys) == ["other.example"])
    }

    @Test func withABadDaemonFileNothingIsOffered() throws {
        var loader = trustingLoader()
        _ = loader.load()
        try directory.write("site_name: [\n", to: "config.d/h1.example.yaml")
        for text in ["component: [", "component: {}", "hosts_directory: nowhere"] {
            try directory.write(text, to: "invited.yaml")
            let loaded = loader.load()
            #expect(loaded.isConsistent)
            #expect(loaded.daemon == nil && loaded.hosts.isEmpty)
        }
        // Mistakes in hosts' files are reported nevertheless.
        try directory.write("component: [", to: "invited.yaml")
        #expect(Set(loader.load().diagnostics.map(\.file)).count == 2)
    }
}
