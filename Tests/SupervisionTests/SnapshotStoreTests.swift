import Configuration
import Foundation
import Invites
import Runtime
import Shell
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct SnapshotStoreTests {
    private let directory: TemporaryDirectory
    private let controlled = ControlledDependencies()
    private var path: String { directory.path + "/configuration" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func store() -> SnapshotStore { SnapshotStore(directory: path, logger: controlled.dependencies.logger) }

    private func snapshot(
        _ number: Int, _ hosts: [HostConfiguration] = [], roles: [RoleGrant] = []
    ) -> ConfigurationSnapshot {
        ConfigurationSnapshot(
            number: number, time: controlled.now, by: "someone \"quoted\"\n", files: Fingerprint("files \(number)"),
            hosts: Dictionary(hosts.map { ($0.host, $0) }) { $1 }, shell: ShellConfiguration(roles: roles))
    }

    private var everything: HostConfiguration {
        HostConfiguration(
            host: "ünï.example",
            admins: ["o?brien@a.example", #"\back@a.example"#, "true@a.example", "x,[y]{z}#*!|%@a.example"],
            allowUserInvites: true, allowContactInvites: false, inviteExpiry: .maximum,
            serviceAddress: "invites.a.example", siteName: #"A "site": \ 1.10 # {x} [y] 🦊 - ~"#, suspended: true)
    }

    /// Other kinds of files under these names neither block nor are read.
    @Test(arguments: ["fifo", "link", "directory"]) func onlyRegularFilesAreRead(kind: String) async throws {
        try directory.makeDirectory("configuration")
        for name in ["record.json", "000011.jsonl", ".record.json.new", ".000012.jsonl.new"] {
            switch kind {
            case "fifo": #expect(mkfifo("\(path)/\(name)", 0o600) == 0)
            case "link": #expect(symlink("/dev/zero", "\(path)/\(name)") == 0)
            default: try directory.makeDirectory("configuration/\(name)")
            }
        }
        let store = store()
        #expect(store.open() == nil && store.headers.isEmpty)
        await #expect(throws: ConfigurationRefusal.self) { try await store.read(11) }
        #expect(controlled.log.items.contains { $0.hasPrefix("error cannot tell whether the files were undone") })
        if kind == "fifo" {
            let reason = controlled.log.items.filter { $0.contains("not a regular file") }
            #expect(reason.count == 3, "\(controlled.log.items)")
        }
    }

    @Test func whatIsWrittenIsReadBack() async throws {
        let written = snapshot(
            12, [everything, HostConfiguration(host: "b.example", siteName: "true")],
            roles: [
                RoleGrant(users: ["ann", #"7"x\"#], role: .viewer, hosts: ["*.a.example", "ünï.example"]),
                RoleGrant(groups: ["ops"], role: .admin), RoleGrant(users: ["bob"], role: .operator, hosts: []),
            ])
        let record = ConfigurationTransaction.Record(
            running: 12, pending: .init(back: 11, deadline: 5), rejected: "abc")
        let first = store()
        #expect(first.open() == nil && first.headers.isEmpty)
        try await first.write(written, record)
        #expect(try await first.read(12) == written)
        let second = store()
        #expect(second.open() == record)
        #expect(second.headers == [written.header])
        #expect(try await second.read(12) == written)
        #expect(controlled.log.items.isEmpty, "\(controlled.log.items)")
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["000012.jsonl", "record.json"])
    }

    /// Texts that files cannot hold as they are, but in escapes, or that were set at run time.
    @Test(arguments: [
        "\u{FEFF}A", "A\u{FEFF}B", "A\u{A0}", "\u{E000}", "\u{FFFD}", "A\u{2027}B", " A ", "A\u{10FFFF}", "\"\u{301}A",
        "A\\\u{301}",
    ]) func namesThatYAMLDoesNotTakeAsTheyAreAreReadBack(name: String) async throws {
        let written = snapshot(1, [HostConfiguration(host: "a.example", siteName: name)])
        let store = store()
        _ = store.open()
        try await store.write(written, .init(running: 1))
        #expect(try await store.read(1) == written)
    }

    @Test func whatIsOnItsWayToTheDiskIsThere() async throws {
        let store = store()
        _ = store.open()
        for number in 1...5 {
            store.writeLater(snapshot(number), .init(running: number), needed: [number])
            let seen = Task {
                var isMissing = false
                while !Task.isCancelled {
                    if !store.headers.contains(where: { $0.number == number }) { isMissing = true }
                    await Task.yield()
                }
                return isMissing
            }
            await store.finish()
            seen.cancel()
            #expect(await !seen.value, "\(number)")
        }
    }

    @Test func whatIsDamagedIsLeftOutAndSaid() async throws {
        let first = store()
        _ = first.open()
        for number in 1...5 {
            let roles = number == 5 ? [RoleGrant(users: ["ann"], role: .viewer)] : []
            try await first.write(snapshot(number, [everything], roles: roles), .init(running: number))
        }
        try damage("000001.jsonl") { _ in Data() }
        try damage("000002.jsonl") { Data($0.dropLast(20)) }
        try damage("000003.jsonl") { Data(String(decoding: $0, as: UTF8.self).replacing(":true", with: ":false").utf8) }
        try damage("000005.jsonl") {
            Data(String(decoding: $0, as: UTF8.self).replacing("viewer", with: "admin").utf8)
        }
        try damage("record.json") { Data($0.dropLast(2)) }
        let second = store()
        #expect(second.open() == nil)
        #expect(second.headers.map(\.number) == [2, 3, 4, 5])
        #expect(controlled.log.items.count == 2, "\(controlled.log.items)")
        for number in [2, 3, 5] {
            await #expect(throws: ConfigurationRefusal.self) { _ = try await second.read(number) }
        }
        #expect(try await second.read(4).hosts == ["ünï.example": everything])
    }

    @Test func aSnapshotUnderAnothersNameIsNone() async throws {
        let first = store()
        _ = first.open()
        try await first.write(snapshot(1), .init(running: 1))
        try FileManager.default.copyItem(atPath: path + "/000001.jsonl", toPath: path + "/000007.jsonl")
        let second = store()
        _ = second.open()
        #expect(second.headers.map(\.number) == [1])
    }

    @Test func numbersThatAreNeverGivenAreDamage() async throws {
        let first = store()
        _ = first.open()
        try await first.write(snapshot(1), .init(running: 1))
        for record in [
            #"{"running":9223372036854775807}"#, #"{"running":0}"#, #"{"running":-1}"#,
            #"{"running":1,"pending":{"back":9223372036854775807,"deadline":1}}"#,
        ] {
            try damage("record.json") { _ in Data(record.utf8) }
            #expect(store().open() == nil, "\(record)")
        }
        let text = String(decoding: try Data(contentsOf: URL(filePath: path + "/000001.jsonl")), as: UTF8.self)
        let number = "9223372036854775807"
        let other = text.replacing("\"number\":1", with: "\"number\":\(number)")
        try Data(other.utf8).write(to: URL(filePath: "\(path)/\(number).jsonl"))
        // One that would not be found under its number.
        try Data(text.utf8).write(to: URL(filePath: path + "/1.jsonl"))
        let last = store()
        _ = last.open()
        #expect(last.headers.map(\.number) == [1])
    }

    @Test func whatWasBeingWrittenIsClearedAway() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("{".utf8).write(to: URL(filePath: path + "/.000003.jsonl.new"))
        try Data("{".utf8).write(to: URL(filePath: path + "/.record.json.new"))
        _ = store().open()
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    @Test func aDamagedOneIsNotHad() async throws {
        let first = store()
        _ = first.open()
        for number in 1...2 { try await first.write(snapshot(number, [everything]), .init(running: 2)) }
        try damage("000002.jsonl") { Data($0.dropLast(20)) }
        let second = store()
        _ = second.open()
        #expect(await second.has(1))
        #expect(await !second.has(2))
        #expect(await !second.has(3))
        try await second.write(snapshot(2, [everything]), .init(running: 2))
        #expect(await second.has(2))
    }

    @Test func theLastOnesAreKeptAndThoseThatAreNeeded() async throws {
        let store = store()
        _ = store.open()
        for number in 1...25 {
            store.writeLater(snapshot(number), .init(running: number), needed: [2, number])
            await store.finish()
        }
        #expect(store.headers.map(\.number) == [2] + Array(6...25))
        let again = self.store()
        #expect(again.open() == .init(running: 25))
        #expect(again.headers.map(\.number) == [2] + Array(6...25))
    }

    @Test func thoseThatComeFasterThanTheDiskAreKeptToo() async throws {
        let store = store()
        _ = store.open()
        for number in 1...8 { store.writeLater(snapshot(number), .init(running: number), needed: [number]) }
        await store.finish()
        let again = self.store()
        #expect(again.open() == .init(running: 8))
        #expect(again.headers.map(\.number) == Array(1...8))
        #expect(controlled.log.items.isEmpty, "\(controlled.log.items)")
    }

    /// However long the disk takes, an undo can return to what was applied before.
    @Test func oneThatIsBeingWrittenIsThere() async throws {
        let begun = Inbox<String>()
        let release = DispatchSemaphore(value: 0)
        let store = SnapshotStore(directory: path, logger: controlled.dependencies.logger) {
            begun.put($0)
            release.wait()
        }
        _ = store.open()
        store.writeLater(snapshot(1), .init(running: 1), needed: [1])
        #expect(try await begun.next() == path + "/000001.jsonl")
        #expect(store.headers.map(\.number) == [1])
        // It cannot be written after all.
        try FileManager.default.createDirectory(
            atPath: path + "/.000001.jsonl.new", withIntermediateDirectories: false)
        release.signal()
        await store.finish()
        #expect(store.headers.isEmpty)
        #expect(controlled.log.items.contains { $0.hasPrefix("warning cannot write the snapshot") })
    }

    // MARK: What is no file

    @Test(arguments: Obstacle.possible)
    func whatIsNoFileIsNeitherReadNorWaitedFor(_ obstacle: Obstacle) async throws {
        let first = store()
        _ = first.open()
        for number in 1...2 { try await first.write(snapshot(number), .init(running: number)) }
        for name in ["000001.jsonl", "record.json"] {
            try FileManager.default.moveItem(atPath: "\(path)/\(name)", toPath: "\(directory.path)/\(name)")
            try obstacle.make(at: "\(path)/\(name)", target: "\(directory.path)/\(name)")
        }
        let second = store()
        #expect(second.open() == nil)
        #expect(second.headers.map(\.number) == [2])
        #expect(controlled.log.items.count == 2, "\(controlled.log.items)")
    }

    @Test(arguments: Obstacle.possible.filter { $0 != .directory })
    func whatIsNoFileIsReplacedWhereOneIsWritten(_ obstacle: Obstacle) async throws {
        let store = store()
        _ = store.open()
        try directory.write("elsewhere", to: "target")
        for name in ["000001.jsonl", ".000001.jsonl.new", "record.json", ".record.json.new"] {
            try obstacle.make(at: "\(path)/\(name)", target: "\(directory.path)/target")
        }
        try await store.write(snapshot(1), .init(running: 1))
        #expect(self.store().open() == .init(running: 1))
        #expect(try await store.read(1) == snapshot(1))
        #expect(try directory.read("target") == "elsewhere")
    }

    @Test func whatCannotBeWrittenLeavesWhatWasThere() async throws {
        let store = store()
        _ = store.open()
        try await store.write(snapshot(1), .init(running: 1))
        // Where the temporary file would be, there is something else.
        try FileManager.default.createDirectory(atPath: path + "/.record.json.new", withIntermediateDirectories: false)
        await #expect(throws: ConfigurationRefusal.self) { try await store.write(nil, .init(running: 2)) }
        #expect(self.store().open() == .init(running: 1))
        #expect(controlled.log.items.contains { $0.hasPrefix("warning cannot write") })
    }

    private func damage(_ name: String, _ change: (Data) -> Data) throws {
        let url = URL(filePath: "\(path)/\(name)")
        try change(try Data(contentsOf: url)).write(to: url)
    }
}
