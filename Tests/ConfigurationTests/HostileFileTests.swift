import Foundation
import TestSupport
import Testing
import YAML

@testable import Configuration

/// Files that are malicious or badly damaged.
@Suite struct HostileFileTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.writeDaemonFile()
        try directory.write("site_name: Good\n", to: "config.d/good.example.yaml")
    }

    /// Loads, and expects the good host unharmed and the bad one refused.
    private func problems() -> [String] {
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(loaded.isConsistent)
        #expect(loaded.hosts["good.example"]?.siteName == "Good")
        #expect(loaded.hosts["bad.example"] == nil)
        #expect(loaded.refused.map(\.host) == ["bad.example"])
        return directory.text(loaded.diagnostics).map { $0.replacing("config.d/", with: "") }
    }

    private func problems(_ text: String) throws -> [String] {
        try directory.write(text, to: "config.d/bad.example.yaml")
        return problems()
    }

    @Test func nestingIsBounded() throws {
        #expect(
            try problems(String(repeating: "[", count: 100_000)) == [
                "bad.example.yaml:1:33: nested more than 32 levels deep"
            ])
        #expect(
            try problems(String(repeating: "{a: ", count: 100_000)) == [
                "bad.example.yaml:1:129: nested more than 32 levels deep"
            ])
        #expect(
            try problems(String(repeating: "- ", count: 100_000)) == [
                "bad.example.yaml:1:65: nested more than 32 levels deep"
            ])
        #expect(try problems(String(repeating: "? ", count: 100_000)).count == 1)
    }

    @Test func nodesAreBounded() throws {
        #expect(
            try problems("admins: [\(String(repeating: "a,", count: 200_000))]") == [
                "bad.example.yaml:1:200008: more than 100000 values in one file"
            ])
    }

    @Test func sizeIsBounded() throws {
        #expect(
            try problems("#" + String(repeating: "x", count: 1_048_576)) == [
                "bad.example.yaml:1:1: is larger than 1048576 bytes"
            ])
        try directory.write("{} #" + String(repeating: "x", count: 1_048_572), to: "config.d/bad.example.yaml")
        var loader = directory.loader()
        #expect(loader.load().hosts["bad.example"] != nil)
    }

    @Test func aHoleOfATerabyteIsNotRead() throws {
        let path = "\(directory.path)/config.d/bad.example.yaml"
        try directory.write("{}", to: "config.d/bad.example.yaml")
        #expect(truncate(path, 1 << 40) == 0)
        #expect(problems() == ["bad.example.yaml:1:1: is larger than 1048576 bytes"])
    }

    @Test func manyMistakesAreCounted() throws {
        let lines = (0..<20_000).map { "k\($0): \n" }.joined()
        let told = try problems(lines)
        #expect(told.count == DiagnosticReport.limit + 1)
        #expect(told.last == "bad.example.yaml:20000:1: and 19900 more mistakes in this file")
    }

    @Test func onlyRegularFilesAreRead() throws {
        let path = "\(directory.path)/config.d/bad.example.yaml"

        #expect(mkfifo(path, 0o600) == 0)
        #expect(problems() == ["bad.example.yaml:1:1: is not a regular file"])
        try directory.remove("config.d/bad.example.yaml")

        try directory.makeDirectory("config.d/bad.example.yaml")
        #expect(problems() == ["bad.example.yaml:1:1: is a directory, not a file"])
        try directory.remove("config.d/bad.example.yaml")

        #expect(symlink("nowhere", path) == 0)
        #expect(problems() == ["bad.example.yaml:1:1: is a symbolic link that leads nowhere"])
        try directory.remove("config.d/bad.example.yaml")

        #expect(symlink("bad.example.yaml", path) == 0)
        #expect(problems() == ["bad.example.yaml:1:1: cannot be read: Too many levels of symbolic links"])
        try directory.remove("config.d/bad.example.yaml")

        #expect(symlink("/dev/zero", path) == 0)
        #expect(problems() == ["bad.example.yaml:1:1: is not a regular file"])
    }

    /// U+0600 and the dot behind it are one character to Swift.
    @Test func theHostIsWhatTheBytesOfTheNameSay() throws {
        try directory.write("{}", to: "config.d/a.example\u{600}.yaml")
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(loaded.hosts["a.example"] == nil)
        #expect(loaded.refused.map(\.host) != ["a.example"])
    }

    @Test func aFileThatMayNotBeReadIsReported() throws {
        try directory.write("{}", to: "config.d/bad.example.yaml")
        #expect(chmod("\(directory.path)/config.d/bad.example.yaml", 0) == 0)
        // Root reads everything.
        if geteuid() != 0 {
            #expect(problems() == ["bad.example.yaml:1:1: cannot be read: Permission denied"])
        }
    }

    @Test func aLinkToAFileIsFollowed() throws {
        try directory.write("site_name: Linked\n", to: "elsewhere")
        #expect(symlink("../elsewhere", "\(directory.path)/config.d/linked.example.yaml") == 0)
        var loader = directory.loader()
        #expect(loader.load().hosts["linked.example"]?.siteName == "Linked")
        try directory.write("site_name: Changed\n", to: "elsewhere")
        #expect(loader.load().hosts["linked.example"]?.siteName == "Changed")
    }

    @Test func aDaemonFileThatIsNoFileIsReported() throws {
        for file in ["config.d", "nowhere", "invited.yaml/x"] {
            var loader = ConfigurationLoader(file: "\(directory.path)/\(file)", credentialsDirectory: nil)
            let loaded = loader.load()
            #expect(loaded.isConsistent)
            #expect(loaded.daemon == nil)
            #expect(loaded.diagnostics.map(\.line) == [1])
        }
    }
}
