import Foundation
import TestSupport
import Testing
import YAML

@testable import Configuration

/// Who may write in the hosts' directory learns nothing there of files that they may not read.
@Suite struct LinkedFileTests {
    let directory: TemporaryDirectory
    /// A user who is neither root nor the one who runs the tests.
    static let stranger: uid_t = 54_321
    private static let secret = "root:$6$hunter2:19000:0:99999:7:::"

    init() throws {
        directory = try TemporaryDirectory()
        try directory.writeDaemonFile()
        try directory.write("\(Self.secret)\n", to: "private/shadow")
    }

    /// All diagnostics about the files.
    private func problems() -> [String] {
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(loaded.isConsistent)
        return directory.text(loaded.diagnostics).map { $0.replacingOccurrences(of: "config.d/", with: "") }
    }

    private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    /// Makes a link that a user owns, which only root can for others.
    private func link(_ name: String, to target: String, owner: uid_t = geteuid()) {
        #expect(symlink(target, path(name)) == 0)
        #expect(lchown(path(name), owner, .max) == 0)
    }

    private static let refusal = """
        a.example.yaml:1:1: is not read: a link of user 54321 leads out of the directory; let root own the link \
        (`chown -h root`) or put the file itself there
        """

    @Test(.enabled(if: geteuid() == 0), arguments: ["../private/shadow", "../private/nowhere", "/dev/zero", "/etc"])
    func aLinkOfAnotherUserOutOfTheDirectoryIsNotFollowed(target: String) {
        link("config.d/a.example.yaml", to: target, owner: Self.stranger)
        #expect(problems() == [Self.refusal], "it is not even told whether there is a file")
    }

    @Test(.enabled(if: geteuid() == 0)) func aFileBehindALinkOfAnotherUserIsNotUsed() throws {
        try directory.write("site_name: Private\n", to: "private/good.yaml")
        link("config.d/a.example.yaml", to: "../private/good.yaml", owner: Self.stranger)
        var loader = directory.loader()
        #expect(loader.load().hosts["a.example"] == nil)
    }

    @Test(.enabled(if: geteuid() == 0)) func everyLinkOnTheWayIsJudged() throws {
        try directory.makeDirectory("stranger")
        link("stranger/file", to: "../private/shadow", owner: Self.stranger)
        link("stranger/directory", to: "../private", owner: Self.stranger)
        for target in ["../stranger/file", "../stranger/directory/shadow", path("stranger/directory/shadow")] {
            link("config.d/a.example.yaml", to: target)
            #expect(problems() == [Self.refusal])
            try directory.remove("config.d/a.example.yaml")
        }
        // The other user's link leads to root's link.
        link("config.d/public", to: "../private/shadow")
        link("config.d/a.example.yaml", to: "public", owner: Self.stranger)
        #expect(problems() == [Self.refusal])
    }

    @Test(.enabled(if: geteuid() == 0)) func linksWithinTheDirectoryAreAnyones() throws {
        try directory.write("site_name: Within\n", to: "config.d/.data/a.yaml")
        link("config.d/.current", to: ".data", owner: Self.stranger)
        let targets = [
            ".current/a.yaml", "./.data/../.data/a.yaml", path("config.d/.data/a.yaml"), "../config.d/.data/a.yaml",
        ]
        for target in targets {
            link("config.d/a.example.yaml", to: target, owner: Self.stranger)
            var loader = directory.loader()
            #expect(loader.load().hosts["a.example"]?.siteName == "Within", "\(target)")
            try directory.remove("config.d/a.example.yaml")
        }
        try directory.write("nonsense: 1\n", to: "config.d/.data/a.yaml")
        link("config.d/a.example.yaml", to: ".current/a.yaml", owner: Self.stranger)
        #expect(problems().count == 1 && problems()[0].contains("nonsense"))
    }

    @Test(.enabled(if: geteuid() == 0)) func aFileBehindALinkOfRootIsQuoted() throws {
        try directory.write("nonsense: 1\n", to: "private/shadow")
        link("config.d/a.example.yaml", to: "../private/shadow")
        #expect(problems().count == 1 && problems()[0].contains("nonsense"))
    }

    /// The link's owner may be the daemon's user, whose files are used but not quoted.
    @Test func nothingIsQuotedThroughTheDaemonsOwnLink() throws {
        try #require(symlink("../private/shadow", path("config.d/a.example.yaml")) == 0)
        let owner: uid_t = geteuid() == 0 ? Self.stranger : geteuid()
        if geteuid() == 0 { #expect(lchown(path("config.d/a.example.yaml"), owner, .max) == 0) }
        let handle = open(path("config.d"), O_RDONLY | O_DIRECTORY)
        defer { close(handle) }
        let entry = try ConfigurationEntry("a.example.yaml", in: handle, daemon: owner, readsLinksOfOthers: false)
        #expect(entry.withheld == .linkNotOfRoot)
    }

    @Test(.enabled(if: geteuid() != 0)) func aFileBehindTheDaemonsOwnLinkIsUsedAndNotQuoted() throws {
        link("config.d/a.example.yaml", to: "../private/shadow")
        let told = problems()
        #expect(told.count == 1 && told[0].hasPrefix("a.example.yaml:1:1: has mistakes, which are not shown"))
        try directory.write("site_name: Linked\n", to: "private/shadow")
        var loader = directory.loader()
        #expect(loader.load().hosts["a.example"]?.siteName == "Linked")
    }

    @Test(arguments: [secret, "hunter2: 1", "suspended: hunter2", "host: hunter2.example", "a: {b: hunter2"])
    func nothingIsQuotedFromAFileWithHardLinks(text: String) throws {
        try directory.write(text, to: "private/shadow")
        #expect(Glibc.link(path("private/shadow"), path("config.d/a.example.yaml")) == 0)
        #expect(
            problems() == [
                """
                a.example.yaml:1:1: has mistakes, which are not shown because it has other names (hard links); put a copy \
                in its place
                """
            ])
        #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.read(path("config.d/a.example.yaml"), isShown: false)
        }
    }

    @Test func aGoodFileWithHardLinksIsUsed() throws {
        try directory.write("site_name: Linked\n", to: "private/good")
        #expect(Glibc.link(path("private/good"), path("config.d/a.example.yaml")) == 0)
        var loader = directory.loader()
        #expect(loader.load().hosts["a.example"]?.siteName == "Linked")
        // Its comments may be anything.
        let file = path("config.d/a.example.yaml")
        #expect(try ConfigurationFile.read(file, isShown: false) == Array("site_name: Linked\n".utf8))
        let problem = #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.read(file, isShown: true)
        }
        #expect(
            problem?.description.hasSuffix(
                "is not shown because it has other names (hard links); put a copy in its place") == true)
    }

    /// Following a name costs calls of the system, and others than root may put links there.
    @Test func aLinkOfThousandsOfNamesIsNotFollowedToItsEnd() throws {
        try directory.write("site_name: Far\n", to: "config.d/.far")
        link("config.d/a.example.yaml", to: String(repeating: "./", count: 2000) + ".far")
        #expect(problems() == ["a.example.yaml:1:1: cannot be read: Too many levels of symbolic links"])
        #expect(unlink(path("config.d/a.example.yaml")) == 0)
        link("config.d/a.example.yaml", to: String(repeating: "./", count: 200) + ".far")
        #expect(problems() == [])
    }

    @Test func aServiceAddressIsNotQuotedFromAFileWithHardLinks() throws {
        try directory.write("service_address: hunter2.example\n", to: "private/good")
        try directory.write("service_address: hunter2.example\n", to: "config.d/0.example.yaml")
        #expect(Glibc.link(path("private/good"), path("config.d/a.example.yaml")) == 0)
        #expect(problems().count == 1 && !problems()[0].contains("hunter2"), "\(problems())")
    }

    @Test(.enabled(if: geteuid() == 0)) func theDaemonsFileIsNotQuotedThroughALinkOfAnother() throws {
        let elsewhere = try TemporaryDirectory()
        let component = "component: {jid: invites.host.example, secret: hunter2"
        try elsewhere.write("\(component), nonsense: hunter2}\n", to: "d")
        try directory.remove("invited.yaml")
        link("invited.yaml", to: "\(elsewhere.path)/d", owner: Self.stranger)
        let found = problems()
        #expect(found.count == 1 && found[0].hasPrefix("invited.yaml:1:1: has mistakes, which are not shown"))
        // A daemon that refuses to start would be of no use.
        try elsewhere.write("\(component)}\n", to: "d")
        #expect(problems() == [])
    }

    @Test(.enabled(if: geteuid() == 0)) func anEditorIsNotShownWhatALinkOfAnotherLeadsTo() throws {
        link("config.d/a.example.yaml", to: "../private/shadow", owner: Self.stranger)
        let problem = #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.read(path("config.d/a.example.yaml"), isShown: true)
        }
        #expect(problem?.description.contains("is not read: a link of user 54321") == true)
        #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.replace(
                path("config.d/a.example.yaml"), expecting: Array("\(Self.secret)\n".utf8), with: [])
        }
        #expect(try directory.read("private/shadow") == "\(Self.secret)\n")
    }

    @Test(arguments: ["..", ".", "", "/", "../config.d"]) func aLinkToADirectoryIsNoFile(target: String) {
        guard symlink(target, path("config.d/a.example.yaml")) == 0 else { return }
        #expect(problems() == ["a.example.yaml:1:1: is a directory, not a file"])
    }

    @Test func aFileUnderAFileIsNone() throws {
        #expect(symlink("../invited.yaml/x", path("config.d/a.example.yaml")) == 0)
        #expect(problems() == ["a.example.yaml:1:1: cannot be read: Not a directory"])
    }
}
