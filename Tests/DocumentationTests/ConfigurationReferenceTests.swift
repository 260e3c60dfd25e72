import Configuration
import Foundation
import TestSupport
import Testing

/// What the manual and the README say of the keys, compared with what the daemon reads.
@Suite struct ConfigurationReferenceTests {
    private static let readme = URL(filePath: #filePath).appending(path: "../../../README.md").standardized

    /// The keys and defaults in the table after a line of the README.
    private func table(after heading: String) throws -> [String: String] {
        let lines = try String(contentsOf: Self.readme, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == heading })
        let rows = lines[start...].dropFirst(2).prefix { $0.hasPrefix("|") }.dropFirst(2)
        var defaults: [String: String] = [:]
        for row in rows {
            let cells = row.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            try #require(cells.count >= 4, "\(row)")
            var last = ""
            for match in cells[1].matches(of: /`([^`]+)`/) {
                // `a.b`, `.c` stands for a.b and a.c.
                let name = String(match.output.1)
                let parent = last.split(separator: ".").dropLast().joined(separator: ".")
                last = name.hasPrefix(".") ? parent + name : name
                defaults[last] = cells[2].replacing("`", with: "")
            }
        }
        return defaults
    }

    private func defaults(_ keys: [KeyDocumentation]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: keys.filter { $0.since != nil }.map { ($0.name, $0.standard ?? "") })
    }

    @Test func theReadmeHasEveryKeyWithItsDefault() throws {
        #expect(try table(after: "`invited.yaml`:") == defaults(ConfigurationReference.daemonFile))
        #expect(try table(after: "`config.d/HOST.yaml`:") == defaults(ConfigurationReference.hostFile))
    }

    // MARK: Examples

    private func mistakes(daemon: String, host: String = "{}") throws -> [String] {
        let directory = try TemporaryDirectory()
        try directory.makeDirectory("config.d")
        try directory.write(host, to: "config.d/example.com.yaml")
        try directory.write("s3cret\n", to: "secret")
        // What examples name.
        for name in ["pages", "texts"] { try directory.makeDirectory(name) }
        for name in ["apps.yaml", "config.d/apps/example.yaml"] { try directory.write("[]\n", to: name) }
        try directory.write("<svg xmlns='http://www.w3.org/2000/svg'/>\n", to: "config.d/logos/example.svg")
        try directory.write(daemon, to: "invited.yaml")
        var loader = ConfigurationLoader(file: "\(directory.path)/invited.yaml", credentialsDirectory: nil)
        // Examples name directories that are not here.
        return loader.load().diagnostics.map { "\($0)" }.filter { !$0.contains("hosts_directory") }
    }

    private func indented(_ text: String) -> String { "  " + text.replacing("\n", with: "\n  ") }

    @Test(arguments: ConfigurationReference.hostFile.map(\.name))
    func theExampleOfAHostsKeyIsGood(name: String) throws {
        let key = try #require(ConfigurationReference.hostFile.first { $0.name == name })
        #expect(key.example.hasPrefix("\(name):"))
        #expect(
            try mistakes(daemon: "component: {jid: invites.host.example, secret: x}", host: key.example + "\n").isEmpty)
    }

    @Test(arguments: ConfigurationReference.daemonFile.map(\.name))
    func theExampleOfADaemonsKeyIsGood(name: String) throws {
        let key = try #require(ConfigurationReference.daemonFile.first { $0.name == name })
        let path = name.split(separator: ".")
        let last = try #require(path.last)
        #expect(key.example.hasPrefix("\(last):"))
        let component = "component: {jid: invites.host.example, secret: x}\n"
        let text: String
        switch (path.first, path.count) {
        case ("component", 1): text = key.example
        case ("component", _):
            let jid = last == "jid" ? "" : "  jid: invites.host.example\n"
            let secret = last.hasPrefix("secret") ? "" : "  secret: x\n"
            text = "component:\n\(jid)\(secret)\(indented(key.example))"
        case ("web", 2):
            let base = last == "base_url" ? "" : "  base_url: https://invite.example/\n"
            text = component + "web:\n\(base)\(indented(key.example))"
        case ("metrics", 2): text = component + "metrics:\n\(indented(key.example))"
        case ("shell", 2): text = component + "shell:\n\(indented(key.example))"
        case ("shell", 3):
            let users = last == "users" || last == "groups" ? "" : ", users: [ann]"
            let role = last == "role" ? "" : ", role: viewer"
            text = component + "shell: {roles: [{\(key.example)\(users)\(role)}]}"
        default: text = component + key.example
        }
        let found = try mistakes(daemon: text + "\n")
        #expect(found.isEmpty, "\(found)")
    }
}
