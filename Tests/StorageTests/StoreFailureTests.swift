import Foundation
import GRDB
import Invites
import TestSupport
import Testing

@testable import Storage

@Suite struct StoreFailureTests {
    @Test func garbageHurtsItsOwnHostOnly() async throws {
        try await StateFixture.run { databases, fixture in
            try fixture.write(
                Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }), asDatabaseOf: "bad.example")
            let bad = databases.store(for: "bad.example")
            let good = databases.store(for: "good.example")
            for number in 0..<3 {
                await #expect(throws: StoreError.corrupt) { try await bad.add([.sample(number)]) }
                await #expect(throws: StoreError.corrupt) { try await bad.count() }
                await #expect(throws: StoreError.corrupt) { try await bad.check() }
                try await good.add([.sample(number)])
            }
            #expect(databases.openDatabases.count == 1)
            // Repaired, it works again without a restart.
            try FileManager.default.removeItem(atPath: fixture.file(of: "bad.example"))
            try await bad.check()
            try await bad.add([.sample(1)])
            #expect(try await bad.count() == 1)
        }
    }

    @Test func damageWithinTheFileIsFoundByTheCheck() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            try await store.add((0..<2_000).map { .sample($0) })
            await store.close()
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: fixture.file(of: "example.com")))
            for page in 3..<12 {
                try file.seek(toOffset: UInt64(page * 4_096))
                try file.write(contentsOf: Data(repeating: 0xA5, count: 4_096))
            }
            try file.close()
            await #expect(throws: StoreError.corrupt) { try await store.check() }
            #expect(databases.openDatabases.count == 0)
        }
    }

    @Test func whoHearsOfDamageFindsTheFileClosed() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            for number in 0..<50 {
                try await store.add([.sample(number)])
                await #expect(throws: StoreError.corrupt) {
                    _ = try await store.perform(.changing) { _ in throw StoreError.corrupt }
                }
                try #require(databases.openDatabases.count == 0)
            }
        }
    }

    @Test func aValueThatCannotBeIsDamage() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.add([.sample(1)])
            for change in ["kind = 'nonsense'", "action = ''", "token = 'short'", "inviter = 'nobody'"] {
                _ = try await store.perform(.changing) { database in
                    try database.access { try $0.execute(sql: "UPDATE invite SET \(change)") }
                }
                await #expect(throws: StoreError.corrupt) { try await store.invites() }
            }
        }
    }

    /// A file that is marked as ours and has other content: no value in it is trusted.
    @Test(arguments: [
        "UPDATE invite SET token = NULL", "UPDATE invite SET token = x'00ff'", "UPDATE invite SET kind = 1e300",
        "UPDATE invite SET created_at = 'soon', expires_at = NULL", "UPDATE invite SET created_at = 1e300",
        "UPDATE invite SET inviter = x'80', username = 17", "UPDATE invite SET inviter = '@'",
        "UPDATE invite SET expires_at = 9223372036854775807, created_at = -9223372036854775808, id = -9223372036854775808",
        "UPDATE invite SET id = 9223372036854775807",
        "DELETE FROM invite; INSERT INTO invite (id) VALUES (NULL)", "DROP TABLE invite",
        "DROP TABLE invite; CREATE VIEW invite AS SELECT 1 AS id", "ALTER TABLE invite DROP COLUMN kind",
        "DELETE FROM grdb_migrations", "UPDATE grdb_migrations SET identifier = x'ff00'",
        "INSERT INTO grdb_migrations VALUES (NULL), (17), (x'80')", "DROP TABLE grdb_migrations",
        "PRAGMA user_version = -1", "PRAGMA application_id = -1",
    ]) func aDatabaseThatHoldsOtherThingsEndsInAnError(change: String) async throws {
        try await StateFixture.run { databases, fixture in
            try fixture.makeDatabase(of: "example.com") { database in
                try database.execute(
                    sql: """
                        PRAGMA application_id = \(Schema.applicationID);
                        CREATE TABLE grdb_migrations (identifier TEXT);
                        INSERT INTO grdb_migrations VALUES ('1 invites');
                        CREATE TABLE invite (id INTEGER PRIMARY KEY AUTOINCREMENT, token, kind, action, inviter, username,
                            created_at, expires_at);
                        INSERT INTO invite VALUES
                            (1, '0123456789012345678901', 'account', 'register', 'a@b', 'c', 1, 2);
                        """)
                try database.execute(sql: change)
            }
            let store = databases.store(for: "example.com")
            let (now, filter) = (Timestamp(millisecondsSinceEpoch: .max), InviteFilter())
            // The results do not matter, as long as each call returns.
            _ = try? await store.invites()
            _ = try? await store.page(filter, after: .min, through: .max, limit: 10)
            _ = try? await store.count(filter, after: 0, through: .max)
            _ = try? await store.lastNumber()
            _ = try? await store.newest("9", limit: .max, at: now)
            let limits = InviteLimits(userOpen: .atMost(1), userDaily: .atMost(1), stored: .atMost(1))
            let user = Account(localpart: "a", domain: "b")
            _ = try? await store.usage(of: user, under: limits, at: now)
            _ = try? await store.add([NewInvite(.sample(1), limits: limits)])
            _ = try? await store.add(.sample(1))
            _ = try? await store.extend(1, until: now, at: now)
            _ = try? await store.remove(filter, after: .min)
            _ = try? await store.remove(numbered: [.min, 0, 1, .max])
            _ = try? await store.check()
            try await databases.store(for: "other.example").add([.sample(2)])
        }
    }

    @Test(arguments: ["", "-shm"]) func aFIFOIsNotWaitedFor(suffix: String) async throws {
        try await StateFixture.run { databases, fixture in
            let path = fixture.file(of: "example.com")
            #expect(mkfifo(path + suffix, 0o600) == 0)
            let store = databases.store(for: "example.com")
            await #expect(throws: StoreError.self) { try await store.add([.sample(1)]) }
            #expect(unlink(path + suffix) == 0)
            try await store.add([.sample(1)])
        }
    }

    @Test func aDirectoryInPlaceOfTheFileIsReported() async throws {
        try await StateFixture.run { databases, fixture in
            let path = fixture.file(of: "example.com")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let store = databases.store(for: "example.com")
            await #expect(throws: StoreError.io("\(path) is a directory, not a file")) {
                try await store.add([.sample(1)])
            }
            #expect(databases.openDatabases.count == 0)
            try FileManager.default.removeItem(atPath: path)
            try await store.add([.sample(1)])
            #expect(try await store.count() == 1)
        }
    }

    @Test func aFullDiskIsToldApartAndPasses() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.add([.sample(0)])
            _ = try await store.perform(.changing) { database in
                try database.access { try $0.execute(sql: "PRAGMA max_page_count = 1") }
            }
            let many = (1..<2_000).map { Invite.sample($0) }
            await #expect(throws: StoreError.full) { try await store.add(many) }
            #expect(try await store.count() == 1)
            _ = try await store.perform(.changing) { database in
                try database.access { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
            }
            try await store.add(many)
            #expect(try await store.count() == 2_000)
        }
    }

    @Test func anotherProgramsLockIsToldApartAndPasses() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            try await store.add([.sample(0)])
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: fixture.file(of: "example.com"), configuration: configuration)
            try await other.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
            await #expect(throws: StoreError.locked) { try await store.add([.sample(1)]) }
            #expect(try await store.count() == 1)
            try await other.writeWithoutTransaction { try $0.rollback() }
            try other.close()
            try await store.add([.sample(1)])
            #expect(try await store.count() == 2)
        }
    }

    @Test(arguments: [
        (StoreError.full, "the disk is full"), (.io("cannot do it"), "cannot do it"),
        (.newerSchema, "the database was written by a newer version of invited"),
        (.directoryInUse("/var/lib/invited"), "the state directory /var/lib/invited is in use by another invited"),
    ])
    func errorsSayWhatIsWrong(error: StoreError, text: String) {
        #expect("\(error)" == text)
    }

    @Test func systemErrorsAreToldApart() {
        #expect(StoreError(errno: ENOSPC, attempt: "create a") == .full)
        #expect(StoreError(errno: EDQUOT, attempt: "create a") == .full)
        #expect(StoreError(errno: EACCES, attempt: "create a") == .io("cannot create a: Permission denied"))
        #expect(StoreError(DatabaseError(resultCode: .SQLITE_NOTADB), path: "/a") == .corrupt)
        #expect(StoreError(DatabaseError(resultCode: .SQLITE_IOERR_SHMSIZE), path: "/a") == .full)
        #expect(StoreError(DatabaseError(resultCode: .SQLITE_LOCKED), path: "/a") == .locked)
    }
}
