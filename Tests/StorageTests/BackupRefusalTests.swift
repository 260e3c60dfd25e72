import Foundation
import GRDB
import Invites
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// What is not taken for a backup.
@Suite(.timeLimit(.minutes(5))) struct BackupRefusalTests {
    private static let host = BackupTests.host
    private static let now = BackupTests.now
    private let steps = BackupTests()

    @Test func anotherHostsBackupIsTakenOnlyWhereThatIsMeant() async throws {
        try await StateFixture.run { databases, _ in
            try await databases.store(for: Self.host).add([.sample(1)])
            let bytes = try await steps.backUp(databases)
            await #expect(throws: BackupRefusal.otherHost(Self.host)) {
                try await steps.restore(bytes, to: "b.example", databases)
            }
            try await steps.restore(bytes, to: "b.example", databases, isAnyHost: true)
            #expect(try await databases.store(for: "b.example").invites() == [.sample(1)])
        }
    }

    private static let bad: [(String, BackupRefusal?)] = [
        ("empty", .empty), ("text", .notDatabase), ("short", .notDatabase), ("cut", nil), ("half a page", nil),
        ("zeroes inside", nil), ("foreign", .foreign), ("no tables", .foreign), ("newer", .newerSchema),
        ("trigger", .foreign), ("view", .foreign), ("other table", .foreign), ("column", .foreign),
        ("bad kind", .damaged("it has an invite that cannot be")),
        ("bad redemption", .damaged("it has a redemption that cannot be")),
        ("bad task", .damaged("it has a task that cannot be")),
        ("hidden redemption", .damaged("its invites have numbers that cannot be")),
        ("last number", .damaged("its invites have numbers that cannot be")),
        ("two backups", .foreign), ("no steps", .foreign), ("newer steps", .newerSchema), ("utf-16", .foreign),
        ("negative number", .damaged("its invites have numbers that cannot be")),
        ("long value", .damaged("it has a value that is too long")),
        ("long note", .damaged("it has a value that is too long")),
        ("long statistics", .damaged("it has a value that is too long")), ("long name", .unnamedHost),
        ("name of two lines", .unnamedHost),
    ]

    private static let long = "printf('%.*c', 5000000, 'x')"

    /// The same tables in another encoding, which SQLite does not compare with the usual one.
    private func inUTF16(_ bytes: [UInt8]) throws -> [UInt8] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let statements = try steps.database(bytes) { database in
            try String.fetchAll(
                database, sql: "SELECT sql FROM sqlite_master WHERE sql > '' AND name <> 'sqlite_sequence'")
        }.0
        let queue = try DatabaseQueue(path: path)
        try queue.inDatabase { database in
            try database.execute(sql: "PRAGMA encoding = 'UTF-16'; PRAGMA application_id = \(Schema.applicationID)")
            for statement in statements { try database.execute(sql: statement) }
            for step in Schema.migrator.migrations {
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [step])
            }
            try database.execute(sql: "INSERT INTO backup VALUES (?, 1)", arguments: [Self.host])
        }
        try queue.close()
        return Array(try Data(contentsOf: URL(filePath: path)))
    }

    @Test(arguments: bad.map(\.0)) func whatIsNoGoodBackupIsRefusedAndLeavesNothing(name: String) async throws {
        let refusal = Self.bad.first { $0.0 == name }?.1
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            try await store.add((0..<499).map { .sample($0) } + [.redeemable(499)])
            try await steps.confirm(store, 499, "juliet")
            let good = try await steps.backUp(databases)
            let bytes: [UInt8] =
                switch name {
                case "empty": []
                case "text": Array(repeating: UInt8(ascii: "x"), count: 50_000)
                case "short": Array(good.prefix(99))
                case "cut": Array(good.prefix(good.count / 2))
                case "half a page": Array(good.dropLast(100))
                case "zeroes inside":
                    Array(good.prefix(8_192)) + Array(repeating: 0, count: 8_192) + Array(good.dropFirst(16_384))
                case "foreign": try steps.changed(good, "PRAGMA application_id = 7")
                case "no tables":
                    try steps.changed(good, "DROP TABLE invite; DROP TABLE backup; DROP TABLE grdb_migrations; VACUUM")
                case "newer":
                    try steps.changed(
                        good, "ALTER TABLE invite ADD COLUMN x ANY; INSERT INTO grdb_migrations VALUES ('99 new')")
                case "trigger":
                    try steps.changed(good, "CREATE TRIGGER t AFTER UPDATE ON invite BEGIN DELETE FROM invite; END")
                case "view": try steps.changed(good, "CREATE VIEW v AS SELECT token FROM invite")
                case "other table": try steps.changed(good, "CREATE TABLE t (x)")
                case "column": try steps.changed(good, "ALTER TABLE invite ADD COLUMN x ANY DEFAULT 7")
                case "bad redemption": try steps.changed(good, "UPDATE redemption SET state = 'reserved'")
                case "bad task": try steps.changed(good, "UPDATE task SET action = 'everything'")
                case "hidden redemption": try steps.changed(good, "UPDATE redemption SET id = -1")
                case "bad kind": try steps.changed(good, "UPDATE invite SET kind = 'everything' WHERE id = 400")
                case "last number":
                    try steps.changed(good, "UPDATE sqlite_sequence SET seq = 9223372036854775807")
                case "no steps": try steps.changed(good, "DELETE FROM grdb_migrations")
                case "newer steps": try steps.changed(good, "INSERT INTO grdb_migrations VALUES ('99 new')")
                case "utf-16": try inUTF16(good)
                case "negative number": try steps.changed(good, "UPDATE invite SET id = -5 WHERE id = 400")
                case "long value": try steps.changed(good, "UPDATE invite SET token = \(Self.long) WHERE id = 400")
                case "long note": try steps.changed(good, "UPDATE invite SET note = \(Self.long) WHERE id = 400")
                case "long statistics": try steps.changed(good, "ANALYZE; UPDATE sqlite_stat1 SET stat = \(Self.long)")
                case "long name": try steps.changed(good, "UPDATE backup SET host = printf('%.*c', 256, 'x')")
                case "name of two lines": try steps.changed(good, "UPDATE backup SET host = 'a' || char(10) || 'b'")
                default: try steps.changed(good, "DROP TABLE backup; CREATE TABLE backup (host TEXT, made_at ANY)")
                }
            let error = await #expect(throws: BackupRefusal.self) { try await steps.restore(bytes, databases) }
            if let refusal { #expect(error == refusal) }
            switch name {
            case "cut", "half a page":
                guard case .cutOff? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            case "zeroes inside":
                guard case .damaged? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            default: break
            }
            #expect(try await store.count() == 500)
            try await steps.waitForFiles(["\(Self.host).sqlite3"], fixture)
        }
    }

    @Test func aFileThatIsTooLongIsRefusedBeforeItIsTaken() async throws {
        try await StateFixture.run { databases, fixture in
            try await databases.store(for: Self.host).add([.sample(1)])
            let good = try await steps.backUp(databases)
            do {
                let incoming = try IncomingBackup(in: try databases.openDirectory(), limit: 100_000)
                try incoming.append(good)
                #expect(throws: BackupRefusal.tooLong(100_000)) {
                    try incoming.append(Array(repeating: 0, count: 100_000))
                }
                #expect(throws: BackupRefusal.damaged("it is longer than it says")) { try incoming.append([0]) }
                #expect(try steps.files(fixture).count == 2)
            }
            #expect(try steps.files(fixture) == ["\(Self.host).sqlite3"])
        }
    }

    @Test func twoAtOnceAreNotMixed() async throws {
        try await StateFixture.run { databases, _ in
            try await databases.store(for: Self.host).add([.sample(1)])
            let incoming = try steps.receive(try await steps.backUp(databases), databases)
            _ = try await databases.check(incoming, for: Self.host, isAnyHost: false)
            databases.transfers.withLock { _ = $0.insert(Self.host) }
            await #expect(throws: StoreError.busy) {
                try await databases.restore(incoming, of: Self.host, at: Self.now, keepsOpen: true)
            }
            await #expect(throws: StoreError.busy) { try await databases.backUp(Self.host, at: Self.now) }
            databases.transfers.withLock { _ = $0.remove(Self.host) }
            _ = try await databases.restore(incoming, of: Self.host, at: Self.now, keepsOpen: true)
        }
    }
}
