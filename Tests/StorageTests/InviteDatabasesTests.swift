import Foundation
import GRDB
import Invites
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct InviteDatabasesTests {
    /// One database may hold the pages of a hundred users' invites; a thousand of them may not take all memory.
    @Test func cachesHaveALimitEachAndAllTogether() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open { databases in
            let limits = try await databases.store(for: "example.com").perform(.checking) { database in
                try database.access { database in
                    try ["cache_size", "soft_heap_limit"].map { try Int.fetchOne(database, sql: "PRAGMA \($0)") }
                }
            }
            #expect(limits == [-1024, 256 << 20])
        }
    }

    @Test func aSecondOpenerIsRefusedUntilTheFirstHasShutDown() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open { databases in
            try await databases.store(for: "example.com").add([.sample(1)])
            #expect(throws: StoreError.directoryInUse(fixture.directory)) {
                try InviteDatabases(directory: fixture.directory, maximumOpen: 1, writers: 1)
            }
            #expect(try await databases.store(for: "example.com").count() == 1)
        }
        let count = try await fixture.open { try await $0.store(for: "example.com").count() }
        #expect(count == 1)
    }

    @Test func aSecondOpenerIsRefusedThoughTheLockIsRemoved() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open { databases in
            for _ in 0..<2 {
                try FileManager.default.removeItem(atPath: fixture.directory + "/lock")
                #expect(throws: StoreError.directoryInUse(fixture.directory)) {
                    try InviteDatabases(directory: fixture.directory, maximumOpen: 1, writers: 1)
                }
                try Data().write(to: URL(filePath: fixture.directory + "/lock"))
                #expect(throws: StoreError.directoryInUse(fixture.directory)) {
                    try InviteDatabases(directory: fixture.directory, maximumOpen: 1, writers: 1)
                }
            }
            try await databases.store(for: "example.com").add([.sample(1)])
        }
    }

    /// An older version locks the file alone.
    @Test func whoHoldsTheFileAloneKeepsOthersOut() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try FileManager.default.createDirectory(atPath: fixture.directory, withIntermediateDirectories: true)
        let file = open(fixture.directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(flock(file, LOCK_EX | LOCK_NB) == 0)
        #expect(throws: StoreError.directoryInUse(fixture.directory)) {
            try InviteDatabases(directory: fixture.directory, maximumOpen: 1, writers: 1)
        }
        close(file)
        try await fixture.open { _ in }
    }

    @Test func theLockIsARegularFile() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try FileManager.default.createDirectory(atPath: fixture.directory, withIntermediateDirectories: true)
        let path = fixture.directory + "/lock"
        let problem = StoreError.io("\(path) is not a regular file; remove it")
        #expect(symlink("elsewhere", path) == 0)
        #expect(throws: problem) {
            try InviteDatabases(directory: fixture.directory, maximumOpen: 1, writers: 1)
        }
        #expect(!fixture.exists(fixture.directory + "/elsewhere"))
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: problem) {
            try InviteDatabases(directory: fixture.directory, maximumOpen: 1, writers: 1)
        }
        try FileManager.default.removeItem(atPath: path)
        try await fixture.open { _ in }
    }

    @Test func aDirectoryThatCannotBeMadeIsReported() throws {
        let error = #expect(throws: StoreError.self) {
            try InviteDatabases(directory: "/nonexistent/invited", maximumOpen: 1, writers: 1)
        }
        #expect(error?.description == "cannot make the directory /nonexistent/invited: No such file or directory")
    }

    @Test func theDirectoryIsItsOwnersAlone() async throws {
        try await StateFixture.run { _, fixture in
            for path in [fixture.directory, fixture.directory + "/hosts"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o700)
            }
        }
    }

    @Test func aHostHasOneStore() async throws {
        try await StateFixture.run { databases, _ in
            #expect(databases.store(for: "a.example") === databases.store(for: "a.example"))
            #expect(databases.store(for: "a.example") !== databases.store(for: "b.example"))
        }
    }

    @Test(arguments: ["", ".", "..", "../escape", "a/b", ".hidden", "a\0b", String(repeating: "a", count: 241)])
    func whatIsNoFileNameIsNoHost(host: String) async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: host)
            await #expect(throws: StoreError.self) { try await store.add([.sample(1)]) }
            await #expect(throws: StoreError.self) { try await store.count() }
            let hosts = try databases.hostsWithInvites()
            #expect(hosts == [])
            #expect(databases.openDatabases.count == 0)
        }
    }

    @Test(arguments: ["čechy.example", String(repeating: "a", count: 239)])
    func whatIsAFileNameIsAHost(host: String) async throws {
        try await StateFixture.run { databases, _ in
            try await databases.store(for: host).add([.sample(1)])
            #expect(try databases.hostsWithInvites() == [host])
        }
    }

    @Test func noMoreDatabasesAreOpenThanAllowed() async throws {
        try await StateFixture.run(maximumOpen: 3) { databases, _ in
            for round in 0..<3 {
                for host in 0..<10 { try await databases.store(for: "h\(host).example").add([.sample(round)]) }
                #expect(databases.openDatabases.count == 3)
            }
            #expect(databases.openDatabases.evictions == 27)
            #expect(try databases.hostsWithInvites() == (0..<10).map { "h\($0).example" })
            for host in 0..<10 { #expect(try await databases.store(for: "h\(host).example").count() == 3) }
        }
    }

    @Test func aLackOfFilesIsToldApart() {
        for number in [EMFILE, ENFILE] {
            #expect(StoreError(errno: number, attempt: "open it") == .tooManyOpenFiles)
        }
        #expect(!StoreError.tooManyOpenFiles.spoilsConnection)
    }

    @Test func theLeastRecentlyUsedMakesRoom() async throws {
        // With one writer, a host that has answered is released before the next has its turn.
        try await StateFixture.run(maximumOpen: 2, writers: 1) { databases, fixture in
            for (number, host) in ["a", "b", "a", "c"].enumerated() {
                try await databases.store(for: host).add([.sample(number)])
            }
            // A database that was closed has no log beside it.
            #expect(fixture.exists(fixture.file(of: "a") + "-wal"))
            #expect(!fixture.exists(fixture.file(of: "b") + "-wal"))
            #expect(fixture.exists(fixture.file(of: "c") + "-wal"))
        }
    }

    @Test func aDatabaseAtWorkDoesNotMakeRoom() async throws {
        try await StateFixture.run(maximumOpen: 2, writers: 2) { databases, fixture in
            let busy = databases.store(for: "busy")
            try await busy.add([.sample(1)])
            let gate = Gate()
            async let hung: Void? = busy.perform(.changing) { _ in gate.pass() }
            await gate.waitUntilReached()
            for host in ["a", "b", "c"] { try await databases.store(for: host).add([.sample(1)]) }
            #expect(databases.openDatabases.count == 2)
            #expect(databases.openDatabases.evictions == 2)
            #expect(fixture.exists(fixture.file(of: "busy") + "-wal"))
            gate.open()
            _ = try await hung
            #expect(try await busy.count() == 1)
        }
    }

    @Test func manyHostsAtOnceLoseNothing() async throws {
        try await StateFixture.run(maximumOpen: 4, writers: 4) { databases, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<600 {
                    group.addTask { try await databases.store(for: "h\(number % 20)").add([.sample(number)]) }
                }
                try await group.waitForAll()
            }
            #expect(databases.openDatabases.count <= 4)
            for host in 0..<20 { #expect(try await databases.store(for: "h\(host)").count() == 30) }
        }
    }

    @Test func shutdownDoesWhatWasAcceptedAndRefusesTheRest() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let databases = try InviteDatabases(directory: fixture.directory, maximumOpen: 4, writers: 1)
        let store = databases.store(for: "example.com")
        try await store.check()
        let gate = Gate()
        async let busy: Void? = store.perform(.changing) { _ in gate.pass() }
        await gate.waitUntilReached()
        async let accepted: Void = store.add([.sample(1)])
        await store.waitUntilWaiting(rows: 1)
        async let down: Void = databases.shutdown()
        while (try? databases.hostsWithInvites()) != nil { await Task.yield() }
        gate.open()
        _ = try await (busy, accepted)
        await down
        await databases.shutdown()
        await #expect(throws: StoreError.closed) { try await store.add([.sample(2)]) }
        await #expect(throws: StoreError.closed) { try await store.count() }
        await #expect(throws: StoreError.closed) { try await store.check() }
        await #expect(throws: StoreError.closed) { try await databases.store(for: "late.example").add([.sample(3)]) }
        #expect(throws: StoreError.closed) { try databases.hostsWithInvites() }
        await store.close()
        #expect(databases.openDatabases.count == 0)
        #expect(!fixture.exists(fixture.file(of: "example.com") + "-wal"))
        let count = try await fixture.open { try await $0.store(for: "example.com").count() }
        #expect(count == 1)
    }

    @Test func allIsThereAfterAnEndWithoutShutdown() async throws {
        let copy = StateFixture()
        defer { copy.remove() }
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            for number in 0..<10 { try await store.add([.sample(number)]) }
            // What a crash leaves is what the files hold now.
            try FileManager.default.createDirectory(
                atPath: copy.directory + "/hosts", withIntermediateDirectories: true)
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: fixture.file(of: "example.com") + suffix, toPath: copy.file(of: "example.com") + suffix)
            }
        }
        let invites = try await copy.open { try await $0.store(for: "example.com").invites() }
        #expect(invites == (0..<10).map { .sample($0) })
    }

    @Test func theDatabasesThatWereUsedLastAreOpenedAhead() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let hosts = (0..<5).map { "h\($0).example" }
        try await fixture.open { databases async throws in
            for host in hosts { try await databases.store(for: host).add([.sample(1)]) }
        }
        for (age, host) in hosts.enumerated() {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 - Double(age))],
                ofItemAtPath: fixture.file(of: host))
        }
        try await fixture.open(maximumOpen: 2, writers: 1) { databases async throws in
            // One is not served, and one has no database.
            await databases.openAhead(hosts.dropFirst() + ["new.example"]) { false }
            let open = (hosts + ["new.example"]).filter { host in
                databases.store(for: host).state.withLock { $0.database } != nil
            }
            #expect(open == ["h1.example", "h2.example"])
            #expect(!fixture.exists(fixture.file(of: "new.example")))
            #expect(try await databases.store(for: "h1.example").count() == 1)
        }
        try await fixture.open { databases async throws in
            await databases.openAhead(hosts) { true }
            #expect(databases.openDatabases.count == 0)
            // A damaged database does not affect the others.
            try fixture.write(Data("no database".utf8), asDatabaseOf: "h0.example")
            await databases.openAhead(hosts) { false }
            #expect(databases.openDatabases.count == 4)
        }
    }
}
