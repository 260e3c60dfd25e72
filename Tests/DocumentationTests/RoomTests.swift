import Foundation
import Testing

/// The rooms as docs/architecture.md lists them, compared with what the sources import.
@Suite struct RoomTests {
    private static let top = URL(filePath: #filePath).appending(path: "../../..").standardized
    private static let sources = top.appending(path: "Sources")

    /// The rooms from the top down, each with its purpose.
    private static let rooms: [(name: String, purpose: String)] = {
        let text = (try? String(contentsOf: top.appending(path: "docs/architecture.md"), encoding: .utf8)) ?? ""
        return text.matches(of: /(?m)^\| `(\w+)` \| (.*) \|$/).map { (String($0.1), String($0.2)) }
    }()

    /// The directories of the sources, without system libraries.
    private static let directories: Set<String> = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: sources.path)) ?? []
        return Set(names.filter { $0.wholeMatch(of: /C[A-Z].*/) == nil })
    }()

    /// The rooms that one imports.
    private static func imports(of room: String) -> Set<String> {
        let directory = sources.appending(path: room)
        let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
        var imports: Set<String> = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else {
                continue
            }
            for line in text.matches(of: /(?m)^(?:@testable |@preconcurrency |\w+ )?import (\w+)$/) {
                imports.insert(String(line.1))
            }
        }
        return imports.intersection(directories)
    }

    @Test func everyRoomIsListed() {
        // Writes documents, and is no part of what is installed.
        #expect(Set(Self.rooms.map(\.name)) == Self.directories.subtracting(["generate-docs"]))
    }

    @Test func importsRunDownward() throws {
        let names = Self.rooms.map(\.name)
        try #require(names.count > 5)
        for (position, name) in names.enumerated() {
            let above = Self.imports(of: name).intersection(names[...position]).subtracting([name])
            #expect(above.isEmpty, "\(name) imports \(above.sorted()), which is not below it")
        }
    }

    @Test func someRoomsKnowNobody() {
        #expect(Self.imports(of: "Invites") == [])
        #expect(Self.imports(of: "XMPP") == [])
        #expect(Self.imports(of: "invitectl") == ["Shell", "Text"])
    }

    @Test func aPurposeIsOneSentence() {
        for (name, purpose) in Self.rooms {
            #expect(!purpose.contains(". ") && purpose.count <= 120, "\(name): \(purpose)")
        }
    }

    /// A dependency that is declared and not imported would be built for nothing, and could be imported unnoticed.
    @Test func whatIsDeclaredIsImported() throws {
        let package = try String(contentsOf: Self.top.appending(path: "Package.swift"), encoding: .utf8)
        for room in Self.directories {
            let declaration = try Regex("arget\\(\\s*name: \"\(room)\"(?:,\\s*dependencies: \\[([^\\]]*)\\])?")
            let match = try #require(package.firstMatch(of: declaration), "\(room)")
            let declared = (match.output[1].substring ?? "").matches(of: /(?:\s|^)"(\w+)"/).map { String($0.1) }
            #expect(Set(declared).intersection(Self.directories) == Self.imports(of: room), "\(room)")
        }
    }
}
