import Foundation
import GRDB
import Invites
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// Backups of databases that are in use, and their way back.
@Suite(.timeLimit(.minutes(5))) struct BackupTests {
    static let host = "example.com"
    /// A time at which all samples are valid by default.
    static let now = Timestamp(millisecondsSinceEpoch: 2_000)
    private static let later: Int64 = 1_000_000

    func backUp(_ databases: InviteDatabases, _ host: String = Self.host) async throws -> [UInt8] {
        let backup = try await databases.backUp(host, at: Self.now)
        let bytes = try backup.file.read(backup.size, at: 0)
        #expect(bytes.count == backup.size)
        return bytes
    }

    func receive(_ bytes: [UInt8], _ databases: InviteDatabases) throws -> IncomingBackup {
        let incoming = try databases.receiveBackup()
        var rest = bytes[...]
        while !rest.isEmpty {
            try incoming.append(Array(rest.prefix(10_000)))
            rest = rest.dropFirst(10_000)
        }
        return incoming
    }

    @discardableResult func restore(
        _ bytes: [UInt8], to host: String = Self.host, _ databases: InviteDatabases, isAnyHost: Bool = false,
        keepsOpen: Bool = true, at now: Timestamp = Self.now
    ) async throws -> Restoration {
        let incoming = try receive(bytes, databases)
        _ = try await databases.check(incoming, for: host, isAnyHost: isAnyHost)
        return try await databases.restore(incoming, of: host, at: now, keepsOpen: keepsOpen)
    }

    /// What is in the directory of the databases, but for logs of those that are open.
    func files(_ fixture: StateFixture) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.directory + "/hosts").filter {
            $0 != ".reserve" && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }.sorted()
    }

    /// Returns once only these are there. What is received goes with its last user, which may be a thread that ends a
    /// moment after it has answered.
    func waitForFiles(_ names: [String], _ fixture: StateFixture) async throws {
        while try files(fixture) != names {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// A database of these bytes, opened by other means.
    func database<Value>(_ bytes: [UInt8], _ body: (Database) throws -> Value) throws -> (Value, [UInt8]) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(filePath: path))
        let queue = try DatabaseQueue(path: path)
        let value = try queue.inDatabase(body)
        try queue.close()
        return (value, Array(try Data(contentsOf: URL(filePath: path))))
    }

    func changed(_ bytes: [UInt8], _ sql: String) throws -> [UInt8] {
        try database(bytes) { try $0.execute(sql: sql) }.1
    }

    // MARK: Making

    @Test func aBackupIsWholeAndSaysWhoseItIs() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            // Some of the rows are in the write-ahead log only.
            try await store.add((0..<2_000).map { .sample($0) })
            let bytes = try await backUp(databases)
            let (found, _) = try database(bytes) { database in
                #expect(try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok")
                #expect(
                    try Row.fetchOne(database, sql: "SELECT * FROM backup") == ["host": Self.host, "made_at": 2_000])
                return try Int.fetchOne(database, sql: "SELECT count(*) FROM invite")
            }
            #expect(found == 2_000)
            #expect(try files(fixture) == ["\(Self.host).sqlite3"])
            // The store can be used as before.
            try await store.add([.sample(5_000)])
            #expect(try await store.count() == 2_001)
        }
    }

    @Test func theHostGoesOnWhileItIsCopied() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: Self.host)
            try await store.add((0..<5_000).map { .sample($0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 5_000..<5_050 { try await store.add([.sample(number)]) }
                }
                for _ in 0..<5 {
                    let before = try await store.count()
                    let (found, _) = try database(try await backUp(databases)) {
                        try Int.fetchOne($0, sql: "SELECT count(*) FROM invite") ?? 0
                    }
                    #expect(found >= before)
                }
                try await group.waitForAll()
            }
            await store.close()
            #expect(try await store.count() == 5_050)
        }
    }

    @Test func aHostWithoutADatabaseHasAnEmptyBackupAndStillNone() async throws {
        try await StateFixture.run { databases, fixture in
            let bytes = try await backUp(databases)
            #expect(try files(fixture) == [])
            let restoration = try await restore(bytes, databases)
            #expect(restoration == Restoration(count: 0, revoked: 0, replaced: nil, kept: nil))
            #expect(try await databases.store(for: Self.host).invites() == [])
        }
    }

    @Test func aClosedDatabaseIsCopiedAndOpensAgain() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            await store.close()
            let bytes = try await backUp(databases)
            try await store.add([.sample(2)])
            try await restore(bytes, databases)
            #expect(try await store.invites() == [.sample(1)])
        }
    }

    @Test(arguments: [("a foreign one", StoreError.foreign), ("no database", .corrupt)])
    func whatIsNoDatabaseOfOursIsNotCopied(name: String, error: StoreError) async throws {
        try await StateFixture.run { databases, fixture in
            if error == .foreign {
                try fixture.makeDatabase(of: Self.host) { try $0.execute(sql: "CREATE TABLE t (x)") }
            } else {
                try fixture.write(
                    Data("not a database at all, and long enough to be one".utf8), asDatabaseOf: Self.host)
            }
            await #expect(throws: error) { try await backUp(databases) }
            #expect(try files(fixture) == ["\(Self.host).sqlite3"])
        }
    }

    @Test func whoWantsItNoMoreLeavesNothing() async throws {
        try await StateFixture.run { databases, fixture in
            try await databases.store(for: Self.host).add((0..<5_000).map { .sample($0) })
            let task = Task {
                // Not before it is cancelled: it could be done by then.
                _ = try? await Inbox<Void>().next()
                return try await databases.backUp(Self.host, at: Self.now)
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            // Nobody waits for its thread, which may even begin after that, and then has the transfer for a moment.
            var isMade = false
            while !isMade {
                do {
                    _ = try await backUp(databases)
                    isMade = true
                } catch StoreError.busy {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            try await waitForFiles(["\(Self.host).sqlite3"], fixture)
        }
    }

    @Test func whatAKilledProcessLeftIsRemoved() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open { try await $0.store(for: Self.host).add([.sample(1)]) }
        for suffix in ["", "-wal"] {
            try Data().write(to: URL(filePath: fixture.directory + "/hosts/.transfer-1\(suffix)"))
        }
        let left = try await fixture.open { _ in try files(fixture) }
        #expect(left == ["\(Self.host).sqlite3"])
    }

    // MARK: Taking

    @Test func aRestoreIsWhatWasThereAndKeepsWhatIsThere() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1), .sample(2)])
            let bytes = try await backUp(databases)
            try await store.add([.sample(3)])
            let restoration = try await restore(
                bytes, databases, at: Timestamp(millisecondsSinceEpoch: 1_795_890_870_000))
            let kept = fixture.file(of: Self.host) + "-20261128T183430Z"
            #expect(restoration == Restoration(count: 2, revoked: 0, replaced: 3, kept: kept))
            #expect(try await store.invites() == [.sample(1), .sample(2)])
            let (old, _) = try database(Array(try Data(contentsOf: URL(filePath: kept)))) {
                try Int.fetchAll($0, sql: "SELECT id FROM invite ORDER BY id")
            }
            #expect(old == [1, 2, 3])
            let mode = try FileManager.default.attributesOfItem(atPath: fixture.file(of: Self.host))
            #expect(mode[.posixPermissions] as? Int == 0o600)
            // A number is never given twice.
            #expect(try await store.add(Invite.sample(4)) == 4)
            #expect(try files(fixture) == ["\(Self.host).sqlite3", "\(Self.host).sqlite3-20261128T183430Z"])
        }
    }

    @Test func whatIsNotOpenNowDoesNotOpenAgain() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: Self.host)
            for number in 1...3 { try await store.add([.sample(number, expiry: Self.later)]) }
            try await store.add([.sample(4, expiry: 1_500)])
            let bytes = try await backUp(databases)
            _ = try await store.remove(numbered: [1])
            _ = try await store.extend(2, until: Timestamp(millisecondsSinceEpoch: 3_000), at: Self.now)
            let restoration = try await restore(bytes, databases, keepsOpen: false)
            #expect(restoration.revoked == 1)
            #expect(
                try await store.invites().map(\.expiresAt.millisecondsSinceEpoch) == [
                    Self.later, 3_000, Self.later, 1_500,
                ])
            let taken = Revocation(at: Self.now, by: "invited", why: "restored from a backup")
            #expect(try await store.invites().map(\.revocation) == [taken, nil, nil, nil])

            let all = try await restore(bytes, databases, keepsOpen: true)
            #expect(all.revoked == 0)
            #expect(
                try await store.invites().map(\.expiresAt.millisecondsSinceEpoch) == [
                    Self.later, Self.later, Self.later, 1_500,
                ])
        }
    }

    // MARK: What has happened since

    private static let terms = RedemptionTerms(now: now)

    @discardableResult func confirm(
        _ store: InviteStore, _ invite: Int, _ name: String
    ) async throws -> Redemption {
        let attempt = "\(name) \(invite)"
        let result = try await store.redeem(
            [.reserve(.sample(invite, attempt, name)), .confirm(.sample(invite, attempt, name))],
            under: Self.terms
        ).results[1]
        return try #require(try result.get().redemption)
    }

    @Test(arguments: [false, true]) func whatWasRedeemedOrRevokedSinceStaysSo(keepsOpen: Bool) async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: Self.host)
            for number in 1...6 { _ = try await store.add(Invite.redeemable(number, uses: number == 4 ? 3 : 1)) }
            try await confirm(store, 4, "before")
            _ = try await store.redeem([.reserve(.sample(5, "old", "romeo"))], under: Self.terms)
            let bytes = try await backUp(databases)

            // A use is spent, one of three; one is taken back, one held; an attempt ends, and another has its name.
            try await confirm(store, 1, "juliet")
            try await confirm(store, 4, "after")
            let task = try #require(try await store.dueWork(at: Self.now, limit: 9).tasks.first)
            try await store.record([task.number: .done], at: Self.now)
            let taken = Revocation(at: Self.now, by: "ann", why: "lost")
            _ = try await store.revoke([2], taken)
            _ = try await store.redeem(
                [
                    .release(attempt: "old", reason: "weak"), .reserve(.sample(3, "new", "romeo")),
                ], under: Self.terms)
            // Made since: redeemed, held, and neither.
            for number in 7...9 { _ = try await store.add(Invite.redeemable(number)) }
            try await confirm(store, 7, "late")
            _ = try await store.redeem([.reserve(.sample(8, "held", "held"))], under: Self.terms)
            // Removed since.
            _ = try await store.remove(numbered: [6])

            let everything = RedemptionFilter()
            let before = try await store.redemptions(everything, after: 0, limit: 100).redemptions
            let work = try await store.dueWork(at: Timestamp(millisecondsSinceEpoch: 100_000), limit: 100)
            let restoration = try await restore(bytes, databases, keepsOpen: keepsOpen)
            #expect(restoration.revoked == (keepsOpen ? 0 : 1))

            #expect(try await store.redemptions(everything, after: 0, limit: 100).redemptions == before)
            #expect(try await store.dueWork(at: Timestamp(millisecondsSinceEpoch: 100_000), limit: 100) == work)
            let invites = try await store.page().invites
            #expect(invites.map(\.number) == [1, 2, 3, 4, 5, 6, 7, 8])
            #expect(
                invites.map { $0.invite.state(at: Self.now) } == [
                    .used, .revoked, .reserved, .open, .open, keepsOpen ? .open : .revoked, .used, .reserved,
                ])
            #expect(invites[1].invite.revocation == taken)
            #expect(invites[3].invite.uses == InviteUses(total: 3, confirmed: 2, confirmedAt: Self.now))
            #expect(try await store.add(Invite.redeemable(10)) == 10)
            try await store.expectConsistency()
        }
    }

    @Test func whoWasForgottenSinceStaysSo() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: Self.host)
            for number in 1...2 { _ = try await store.add(Invite.redeemable(number)) }
            try await confirm(store, 1, "juliet")
            let bob = Account(localpart: "bob", domain: "elsewhere.example")
            let request = ContactRequest(token: Invite.sample(2).token, user: "alice", contact: bob)
            _ = try await store.redeem([.subscribe(request)], under: Self.terms)
            let bytes = try await backUp(databases)
            for account in [bob, Account(localpart: "juliet", domain: Self.host)] {
                _ = try await store.forget(account, Revocation(at: Self.now, by: "invited"))
            }
            try await restore(bytes, databases)
            let redemptions = try await store.redemptions(RedemptionFilter(), after: 0, limit: 100).redemptions
            #expect(redemptions.map(\.account) == [nil, nil])
            #expect(try await store.dueWork(at: Self.now, limit: 9).tasks.isEmpty)
            try await store.expectConsistency()
        }
    }

    /// What is lost is not made up for: an attempt of then is asked about, and the file's own counts are not believed.
    @Test func withoutADatabaseTheBackupsOwnAttemptsGoOn() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            for number in 1...3 { _ = try await store.add(Invite.redeemable(number)) }
            try await confirm(store, 1, "juliet")
            _ = try await store.redeem([.reserve(.sample(2, "old", "romeo"))], under: Self.terms)
            let bytes = try changed(try await backUp(databases), "UPDATE invite SET confirmed = 0, reserved = -7")
            await store.close()
            try fixture.write(Data(repeating: 0x2A, count: 8_192), asDatabaseOf: Self.host)
            #expect(try await restore(bytes, databases, keepsOpen: false).revoked == 2)
            #expect(
                try await store.page().invites.map { $0.invite.state(at: Self.now) } == [.used, .revoked, .revoked])
            let later = Timestamp(millisecondsSinceEpoch: 100_000)
            #expect(try await store.dueWork(at: later, limit: 9).questions.map(\.attempt) == ["old"])
            // It was not meant so.
            #expect(try await restore(bytes, databases, keepsOpen: true).revoked == 0)
            #expect(try await store.page().invites.map { $0.invite.state(at: Self.now) } == [.used, .reserved, .open])
            try await store.expectConsistency()
        }
    }

    @Test func anotherHostsNumbersAreNotMixedUp() async throws {
        try await StateFixture.run { databases, _ in
            let other = databases.store(for: "b.example")
            for number in 1...2 { _ = try await other.add(Invite.redeemable(number)) }
            try await confirm(other, 1, "juliet")
            let bytes = try await backUp(databases, "b.example")
            let store = databases.store(for: Self.host)
            _ = try await store.add(Invite.redeemable(3))
            try await confirm(store, 3, "romeo")
            try await restore(bytes, databases, isAnyHost: true)
            let invites = try await store.page().invites
            #expect(invites.map { $0.invite.state(at: Self.now) } == [.used, .open, .used])
            #expect(invites.map(\.invite.token) == (1...3).map { Invite.sample($0).token })
            try await store.expectConsistency()
        }
    }

    @Test func aDamagedDatabaseIsReplacedAndKept() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            let bytes = try await backUp(databases)
            await store.close()
            let damaged = Data(repeating: 0x2A, count: 8_192)
            try fixture.write(damaged, asDatabaseOf: Self.host)
            await #expect(throws: StoreError.corrupt) { try await store.count() }
            let restoration = try await restore(bytes, databases, keepsOpen: false)
            #expect(restoration.replaced == nil && restoration.revoked == 1)
            let kept = try #require(restoration.kept)
            #expect(try Data(contentsOf: URL(filePath: kept)) == damaged)
            #expect(try await store.count() == 1)
        }
    }

    @Test func anotherProgramThatHasItOpenIsInTheWay() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            let bytes = try await backUp(databases)
            try await store.add([.sample(2)])
            let other = try DatabaseQueue(path: fixture.file(of: Self.host))
            try other.inDatabase { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM invite") }
            await #expect(throws: StoreError.self) { try await restore(bytes, databases) }
            #expect(try await store.count() == 2)
            try other.close()
            try await restore(bytes, databases)
            #expect(try await store.count() == 1)
        }
    }

    @Test func aRestoreThatFailedLeavesNoSecondName() async throws {
        try await StateFixture.run { databases, fixture in
            let elsewhere = fixture.directory + "/elsewhere"
            try FileManager.default.createDirectory(
                atPath: elsewhere + "/database-new/in the way", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: fixture.file(of: Self.host), withDestinationPath: elsewhere + "/database")
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            let bytes = try await backUp(databases)
            try await store.add([.sample(2)])
            await #expect(throws: StoreError.self) { try await restore(bytes, databases) }
            #expect(try await store.count() == 2)
            await store.close()
            let names = try FileManager.default.contentsOfDirectory(atPath: elsewhere)
            #expect(names.filter { $0.hasPrefix("database-1970") } == [])
        }
    }

    @Test func aSecondNameThatAKilledProcessLeftIsRemoved() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            await store.close()
            let file = fixture.file(of: Self.host)
            // Two links that a killed process left, one that is not its own, and a copy under such a name.
            for name in ["-20261128T183430Z", "-20261128T183430Z-2", "-mine"] {
                try FileManager.default.linkItem(atPath: file, toPath: file + name)
            }
            try FileManager.default.copyItem(atPath: file, toPath: file + "-20261128T183431Z")
            #expect(try await store.count() == 1)
            let name = "\(Self.host).sqlite3"
            #expect(try files(fixture) == [name, name + "-20261128T183431Z", name + "-mine"])
        }
    }

    @Test func aLinkStaysALink() async throws {
        try await StateFixture.run { databases, fixture in
            let elsewhere = fixture.directory + "/elsewhere"
            try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
            let file = fixture.file(of: Self.host)
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: elsewhere + "/database")
            let store = databases.store(for: Self.host)
            try await store.add([.sample(1)])
            let bytes = try await backUp(databases)
            try await store.add([.sample(2)])
            let restoration = try await restore(bytes, databases)
            #expect(restoration.kept?.hasPrefix(elsewhere + "/database-") == true)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: file) == elsewhere + "/database")
            #expect(try await store.invites() == [.sample(1)])
        }
    }

    @Test func anOlderVersionIsBroughtUpToDate() async throws {
        let sql = try String(
            contentsOf: #require(Bundle.module.url(forResource: "Fixtures/version-1", withExtension: "sql")),
            encoding: .utf8)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let queue = try DatabaseQueue(path: path)
        try queue.inDatabase { try $0.execute(sql: sql) }
        try queue.close()
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        try await StateFixture.run { databases, _ in
            await #expect(throws: BackupRefusal.unnamedHost) { try await restore(bytes, databases) }
            try await restore(bytes, databases, isAnyHost: true)
            #expect(try await databases.store(for: Self.host).count() == 5)
        }
    }
}
