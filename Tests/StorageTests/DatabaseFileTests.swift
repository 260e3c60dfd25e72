import Foundation
import GRDB
import Invites
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// What happens to invites when other programs remove or replace the file of an open database.
@Suite struct DatabaseFileTests {
    private static let host = "example.com"

    /// Runs `body` with databases whose events are recorded.
    private func run(
        _ body: (InviteDatabases, StateFixture, Inbox<StorageEvent>) async throws -> Void
    ) async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let events = Inbox<StorageEvent>()
        let databases = try InviteDatabases(directory: fixture.directory, maximumOpen: 4, writers: 1) { events.put($0) }
        do {
            try await body(databases, fixture, events)
            await databases.shutdown()
        } catch {
            await databases.shutdown()
            throw error
        }
    }

    private func remove(_ fixture: StateFixture, _ suffixes: [String] = ["", "-wal", "-shm"]) {
        for suffix in suffixes { unlink(fixture.file(of: Self.host) + suffix) }
    }

    /// What a new process finds.
    private func stored(_ fixture: StateFixture) async throws -> [Invite] {
        let copy = StateFixture()
        defer { copy.remove() }
        try FileManager.default.createDirectory(atPath: "\(copy.directory)/hosts", withIntermediateDirectories: true)
        for suffix in ["", "-wal"] where fixture.exists(fixture.file(of: Self.host) + suffix) {
            try FileManager.default.copyItem(
                atPath: fixture.file(of: Self.host) + suffix, toPath: copy.file(of: Self.host) + suffix)
        }
        return try await copy.open { try await $0.store(for: Self.host).invites() }
    }

    @Test(arguments: [["", "-wal", "-shm"], [""], ["-wal"], ["-wal", "-shm"]])
    func whatIsAnsweredAfterTheFileWasRemovedIsThere(suffixes: [String]) async throws {
        try await run { databases, fixture, events in
            let store = databases.store(for: Self.host)
            let invites = (0..<6).map { Invite.sample($0) }
            try await store.add(Array(invites[..<2]))
            remove(fixture, suffixes)
            try await store.add([invites[2]])
            #expect(try await stored(fixture) == Array(invites[...2]))
            #expect(try await events.next().description.hasSuffix("has been written again; nothing is lost"))
            // The store can be used as before, and the removal may happen again.
            try await store.add([invites[3]])
            remove(fixture, suffixes)
            #expect(try await store.invites() == Array(invites[...3]))
            #expect(try await stored(fixture) == Array(invites[...3]))
            let mode = try FileManager.default.attributesOfItem(atPath: fixture.file(of: Self.host))
            #expect(mode[.posixPermissions] as? Int == 0o600)
            #expect(databases.openDatabases.count == 1)
            #expect(!fixture.exists(fixture.file(of: Self.host) + "-new"))
        }
    }

    @Test func theDirectoryMayGoWithIt() async throws {
        try await run { databases, fixture, _ in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            try FileManager.default.removeItem(atPath: "\(fixture.directory)/hosts")
            try await store.add([.sample(2)])
            #expect(try await stored(fixture) == [.sample(1), .sample(2)])
        }
    }

    @Test func aFileThatIsRemovedBeforeTheEndIsWrittenAtTheEnd() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open { databases in
            try await databases.store(for: Self.host).add([.sample(1)])
            remove(fixture)
        }
        #expect(try await stored(fixture) == [.sample(1)])
    }

    @Test func whatCannotBeWrittenAgainIsNotAnsweredAndNotGivenUp() async throws {
        try await run { databases, fixture, events in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            remove(fixture)
            // A directory where the copy is to be written.
            let obstacle = fixture.file(of: Self.host) + "-new"
            try FileManager.default.createDirectory(atPath: obstacle + "/x", withIntermediateDirectories: true)
            for _ in 0..<2 {
                let error = await #expect(throws: StoreError.self) { try await store.add([.sample(2)]) }
                guard case .removed? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                await store.close()
            }
            try FileManager.default.removeItem(atPath: obstacle)
            #expect(try await store.invites().first == .sample(1))
            #expect(try await stored(fixture).first == .sample(1))
            #expect(try await events.next().description.contains("cannot be written again"))
        }
    }

    enum Replacement: CaseIterable { case rename, overwrite }

    @Test(arguments: Replacement.allCases) func aBackupThatIsPutInItsPlaceIsTakenAndTheOldOneIsKept(
        replacement: Replacement
    ) async throws {
        try await run { databases, fixture, events in
            let store = databases.store(for: Self.host)
            let (file, backup) = (fixture.file(of: Self.host), fixture.directory + "/backup")
            try await store.add([.sample(1)])
            await store.close()
            try FileManager.default.copyItem(atPath: file, toPath: backup)
            try await store.add([.sample(2)])
            switch replacement {
            case .rename: #expect(rename(backup, file) == 0)
            case .overwrite:
                // As cp(1) does: the same file with other content.
                let handle = try FileHandle(forWritingTo: URL(filePath: file))
                try handle.truncate(atOffset: 0)
                try handle.write(contentsOf: try Data(contentsOf: URL(filePath: backup)))
                try handle.close()
            }
            let error = await #expect(throws: StoreError.self) { try await store.add([.sample(3)]) }
            guard case .replaced? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description.contains("was replaced while it was open") == true)
            #expect(try await events.next().description == error?.description)
            // From here on it is the backup.
            try await store.check()
            #expect(try await store.invites() == [.sample(1)])
            try await store.add([.sample(4)])
            #expect(try await stored(fixture) == [.sample(1), .sample(4)])
            let old = StateFixture()
            defer { old.remove() }
            try FileManager.default.createDirectory(atPath: "\(old.directory)/hosts", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: file + "-replaced", toPath: old.file(of: Self.host))
            let kept = try await old.open { try await $0.store(for: Self.host).invites() }
            #expect(kept == [.sample(1), .sample(2)])
        }
    }

    @Test func aCopyOfWhatWasReplacedTakesNoOthersPlace() async throws {
        try await run { databases, fixture, _ in
            let store = databases.store(for: Self.host)
            let (file, backup) = (fixture.file(of: Self.host), fixture.directory + "/backup")
            try await store.add([.sample(1)])
            await store.close()
            try FileManager.default.copyItem(atPath: file, toPath: backup)
            try await store.add([.sample(2)])
            let names = [file + "-replaced"] + (2...12).map { "\(file)-replaced-\($0)" }
            for name in names { try Data("kept".utf8).write(to: URL(filePath: name)) }
            #expect(rename(backup, file) == 0)
            await #expect(throws: StoreError.self) { try await store.add([.sample(3)]) }
            for name in names { #expect(try Data(contentsOf: URL(filePath: name)) == Data("kept".utf8)) }
            #expect(fixture.exists(file + "-replaced-13"))
        }
    }

    @Test func aReplacedFileIsNotWrittenToWhenItIsClosed() async throws {
        try await run { databases, fixture, _ in
            let store = databases.store(for: Self.host)
            try await store.add((0..<100).map { .sample($0) })
            let other = Data("something else".utf8)
            let file = fixture.file(of: Self.host)
            try other.write(to: URL(filePath: file))
            await store.close()
            #expect(try Data(contentsOf: URL(filePath: file)) == other)
            #expect(!fixture.exists(file + "-wal"))
            await #expect(throws: StoreError.corrupt) { try await store.count() }
        }
    }

    @Test func anotherProgramsCommitsAreItsRight() async throws {
        try await run { databases, fixture, events in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            try fixture.makeDatabase(of: Self.host) { database in
                try database.execute(sql: "DELETE FROM invite")
                _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(FULL)")
            }
            try await store.add([.sample(2)])
            #expect(try await store.invites() == [.sample(2)])
            #expect(events.items.isEmpty)
        }
    }

    // MARK: Room

    @Test func theRoomOfRemovedInvitesIsGivenBack() async throws {
        try await run { databases, fixture, _ in
            let store = databases.store(for: Self.host)
            for wave in 0..<20 { try await store.add((0..<1_000).map { .sample(wave * 1_000 + $0) }) }
            func size() throws -> Int {
                try ["", "-wal"].reduce(0) { sum, suffix in
                    let path = fixture.file(of: Self.host) + suffix
                    return sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
                }
            }
            #expect(try size() > 2 << 20)
            var next: Int64? = 0
            while let start = next { next = try await store.remove(InviteFilter(), after: start).next }
            while store.state.withLock({ $0.givesBack }) { await Task.yield() }
            #expect(try size() < 128 << 10)
            try await store.add([.sample(1)])
            #expect(try await store.count() == 1)
        }
    }

    @Test func aFileOfAnOlderVersionIsConvertedOnce() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let sql = try String(
            contentsOf: #require(Bundle.module.url(forResource: "Fixtures/version-1", withExtension: "sql")),
            encoding: .utf8)
        try fixture.makeDatabase(of: Self.host) { try $0.execute(sql: sql) }
        let events = Inbox<StorageEvent>()
        for _ in 0..<2 {
            let databases = try InviteDatabases(directory: fixture.directory, maximumOpen: 4, writers: 1) {
                events.put($0)
            }
            let mode = try await databases.store(for: Self.host).perform(.reading) { database in
                try database.access { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") }
            }
            #expect(mode == 2)
            #expect(try await databases.store(for: Self.host).invites().count == 5)
            await databases.shutdown()
        }
        #expect(events.items.map(\.kind) == [.converted(path: fixture.file(of: Self.host))])
    }
}
