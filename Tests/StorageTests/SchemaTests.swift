import Foundation
import GRDB
import Invites
import TestSupport
import Testing

@testable import Storage

@Suite struct SchemaTests {
    /// What `sqlite_master` says about `database`, without comments, white space and what GRDB adds.
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

    /// Backups are told from others' files by the words of their schema, and the next migration finds what the last one left.
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

    @Test func migrationsAreOnlyAppended() {
        #expect(Schema.migrator.migrations == ["1 invites", "2 limits", "3 redemptions"])
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
            // Who had them made was not written down: those without an inviter are operators'.
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
