import Foundation
import GRDB
import Invites
import TestSupport
import Testing

@testable import Storage

@Suite struct SchemaTests {
    /// The SQL in `sqlite_master` of `database`, without comments, white space and what GRDB adds.
    private func schema(of database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'grdb_migrations' ORDER BY name"
        ).map { text -> String in
            let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let words = lines.filter { !$0.hasPrefix("--") }.joined(separator: " ").split(separator: " ")
            // A column that was added has its comma elsewhere.
            return words.joined(separator: " ").replacing(" ,", with: ",").replacing("( ", with: "(")
                .replacing(" )", with: ")")
        }
    }

    @Test func migrationsMakeTheDocumentedSchema() throws {
        let documented = try DatabaseQueue().write { database in
            try database.execute(sql: Schema.current)
            return try schema(of: database)
        }
        let migrated = try DatabaseQueue()
        try Schema.migrator.migrate(migrated)
        #expect(try migrated.read(schema) == documented)
        #expect(documented.contains { $0.hasPrefix("CREATE TABLE invite ") })
        #expect(documented.contains { $0.contains("invite_by_username") })
    }

    /// Backups are recognized by the SQL of their schema, and the next migration finds what the last one left.
    @Test func aNewDatabaseIsWhatTheMigrationsMake() throws {
        func content(_ database: Database) throws -> [Row] {
            try Row.fetchAll(database, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
                + Row.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
        }
        let migrated = try DatabaseQueue()
        try Schema.migrator.migrate(migrated)
        let new = try DatabaseQueue()
        try new.write { try Schema.make($0) }
        #expect(try new.read(content) == migrated.read(content))
        #expect(try new.read(Schema.migrator.hasCompletedMigrations))
        #expect(try !new.read(Schema.migrator.hasBeenSuperseded))
    }

    /// What is copied for a host is what SQLite would have made.
    @Test func theFileOfANewHostIsADatabaseOfItsOwn() async throws {
        try await StateFixture.run { databases, fixture in
            let path = fixture.file(of: "example.com")
            #expect(try NewDatabase.make(at: path))
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            try fixture.makeDatabase(of: "example.com") { database in
                #expect(try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal")
                #expect(try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 2)
                #expect(try Int32.fetchOne(database, sql: "PRAGMA application_id") == Schema.applicationID)
                #expect(try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok")
                #expect(try Schema.migrator.hasCompletedMigrations(database))
                try Schema.check(database)
            }
            // An existing file is not replaced.
            let before = try Data(contentsOf: URL(filePath: path))
            #expect(try !NewDatabase.make(at: path))
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
            let link = fixture.file(of: "example.net")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path + "-elsewhere")
            #expect(try !NewDatabase.make(at: link))
            try await databases.store(for: "example.net").add([.sample(1)])
            #expect(fixture.exists(path + "-elsewhere"))
        }
    }

    /// SQLite would apply it to any database that is put beside it.
    @Test func aLogWithoutItsDatabaseIsNobodys() async throws {
        try await StateFixture.run { databases, fixture in
            let (store, path) = (databases.store(for: "example.com"), fixture.file(of: "example.com"))
            try await store.add([.sample(1), .sample(2)])
            let log = try Data(contentsOf: URL(filePath: path + "-wal"))
            await store.close()
            try FileManager.default.removeItem(atPath: path)
            try log.write(to: URL(filePath: path + "-wal"))
            #expect(try !NewDatabase.make(at: path))
            try await store.add([.sample(3)])
            #expect(try await store.invites() == [.sample(3)])
        }
    }

    @Test func migrationsAreOnlyAppended() {
        #expect(Schema.migrator.migrations == ["1 invites", "2 limits", "3 redemptions", "4 blocks"])
    }

    @Test func aDatabaseOfTheFirstVersionOpens() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let sql = try String(
            contentsOf: #require(Bundle.module.url(forResource: "Fixtures/version-1", withExtension: "sql")),
            encoding: .utf8)
        try fixture.makeDatabase(of: "example.com") { try $0.execute(sql: sql) }
        try await fixture.open { databases in
            let store = databases.store(for: "example.com")
            let invites = try await store.invites()
            #expect(invites.count == 5)
            #expect(
                invites.first
                    == Invite(
                        token: try #require(Token("accountAccountAccount1")), kind: .account,
                        inviter: Account(localpart: "admin", domain: "provider.example"), username: "juliet",
                        createdAt: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000),
                        expiresAt: Timestamp(millisecondsSinceEpoch: 1_700_604_800_000)))
            #expect(invites.map(\.kind) == [.account, .contact, .accountAndContact, .accountAndContact, .account])
            // Who requested them was not stored: those without an inviter are operators'.
            #expect(invites.map(\.createdBy) == [.user, .user, .user, .user, .operator])
            #expect(invites.map(\.note) == [nil, nil, nil, nil, nil])
            #expect(invites.map(\.action) == [.register, .roster, .roster, .register, .register])
            try await store.add([.sample(1)])
            try await store.check()
            #expect(try await store.count() == 6)
            let state = try await store.storedInvite(withToken: try #require(Token("accountAccountAccount1")))
            #expect(state?.invite.uses == InviteUses())
            #expect(try await store.dueWork(at: Timestamp(millisecondsSinceEpoch: .max), limit: 1) == DueWork())
        }
        // As it was.
        let copy = try DatabaseQueue(path: fixture.file(of: "example.com") + Schema.copySuffix)
        #expect(try await copy.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM invite") } == 5)
        let steps = try await copy.read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") }
        #expect(steps == ["1 invites"])
        let mode = try FileManager.default.attributesOfItem(
            atPath: fixture.file(of: "example.com") + Schema.copySuffix)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func aDatabaseOfTheThirdSchemaOpens() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let sql = try String(
            contentsOf: #require(Bundle.module.url(forResource: "Fixtures/version-3", withExtension: "sql")),
            encoding: .utf8)
        try fixture.makeDatabase(of: "example.com") { try $0.execute(sql: sql) }
        let now = Timestamp(millisecondsSinceEpoch: 1_700_000_000_100)
        let alice = Account(localpart: "alice", domain: "example.com")
        try await fixture.open { databases async throws in
            let store = databases.store(for: "example.com")
            #expect(try await store.invites().map { $0.state(at: now) } == [.open, .used, .revoked, .open])
            let limits = InviteLimits(userOpen: .atMost(2), userDaily: .atMost(4))
            #expect(
                try await store.usage(of: alice, under: limits, at: now)
                    == InviteUsage(open: 1, daily: 3, stored: 4, conflict: nil))
            #expect(
                try await store.redemptions(RedemptionFilter(), after: 0, limit: 9).redemptions.map(\.number) == [
                    1, 2, 3,
                ])
            #expect(try await store.tasks(of: 1).count == 1)
            #expect(try await store.add([NewInvite(.sample(1))]).results == [.success(6)])
        }
        try fixture.makeDatabase(of: "example.com") { database in
            let isCurrent = try Schema.migrator.hasCompletedMigrations(database)
            #expect(isCurrent)
        }
        let copy = try DatabaseQueue(path: fixture.file(of: "example.com") + Schema.copySuffix)
        let steps = try await copy.read { try Schema.migrator.appliedIdentifiers($0) }
        #expect(steps.count == 3)
    }

    @Test func withoutACopyNothingIsMigrated() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let sql = try String(
            contentsOf: #require(Bundle.module.url(forResource: "Fixtures/version-1", withExtension: "sql")),
            encoding: .utf8)
        try fixture.makeDatabase(of: "example.com") { try $0.execute(sql: sql) }
        let copy = fixture.file(of: "example.com") + Schema.copySuffix
        // Something that cannot be removed is in its place.
        try FileManager.default.createDirectory(atPath: copy + "/x", withIntermediateDirectories: true)
        try await fixture.open { databases in
            let store = databases.store(for: "example.com")
            await #expect(throws: StoreError.self) { try await store.add([.sample(1)]) }
            try fixture.makeDatabase(of: "example.com") { database in
                let steps = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
                #expect(steps == ["1 invites"])
            }
            try FileManager.default.removeItem(atPath: copy)
            try await store.add([.sample(1)])
            #expect(try await store.count() == 6)
        }
    }

    @Test func aNewDatabaseNeedsNoCopy() async throws {
        try await StateFixture.run { databases, fixture in
            try await databases.store(for: "example.com").add([.sample(1)])
            #expect(!fixture.exists(fixture.file(of: "example.com") + Schema.copySuffix))
        }
    }

    @Test func aNewerDatabaseIsRefusedAndLeftAlone() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open { try await $0.store(for: "example.com").add([.sample(1)]) }
        try fixture.makeDatabase(of: "example.com") { database in
            try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 something new')")
        }
        try await fixture.open { databases in
            let store = databases.store(for: "example.com")
            await #expect(throws: StoreError.newerSchema) { try await store.add([.sample(2)]) }
            await #expect(throws: StoreError.newerSchema) { try await store.count() }
            await #expect(throws: StoreError.newerSchema) { try await store.check() }
            #expect(databases.openDatabases.count == 0)
            try fixture.makeDatabase(of: "example.com") { database in
                #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM invite") == 1)
                try database.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '999 something new'")
            }
            try await store.add([.sample(2)])
            #expect(try await store.count() == 2)
        }
    }

    @Test func anotherProgramsDatabaseIsRefusedAndLeftAlone() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try fixture.makeDatabase(of: "example.com") { try $0.execute(sql: "CREATE TABLE song (title TEXT)") }
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.file(of: "example.com")))
        try await fixture.open { databases in
            let store = databases.store(for: "example.com")
            await #expect(throws: StoreError.foreign) { try await store.add([.sample(1)]) }
            await #expect(throws: StoreError.foreign) { try await store.check() }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.file(of: "example.com"))) == before)
    }
}

extension StateFixture {
    /// Opens or makes the database of `host` without Storage.
    func makeDatabase(of host: String, _ body: (Database) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: "\(directory)/hosts", withIntermediateDirectories: true)
        let queue = try DatabaseQueue(path: file(of: host))
        try queue.writeWithoutTransaction(body)
        try queue.close()
    }
}
