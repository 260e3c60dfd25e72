import Foundation
import GRDB
import Invites
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// What a repository decides in the transaction that stores.
@Suite struct InviteLimitTests {
    private static let start: Int64 = 1_700_000_000_000
    private static let hour: Int64 = 3_600_000
    private let alice = Account(localpart: "alice", domain: "example.com")
    private let bob = Account(localpart: "bob", domain: "example.com")

    private func time(_ hours: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: Self.start + hours * Self.hour)
    }

    private func invite(
        _ number: Int, by user: Account?, at hours: Int64 = 0, for lifetime: Int64 = 24 * 7,
        createdBy: InviteCreator = .user, username: String? = nil
    ) -> Invite {
        guard let token = Token("token\(10_000 + number)") else { fatalError("a token has 8 characters or more") }
        return Invite(
            token: token, kind: username == nil ? .contact : .account,
            inviter: user, username: username, createdBy: createdBy, createdAt: time(hours),
            expiresAt: time(hours + lifetime))
    }

    private func results(
        _ store: InviteStore, _ invites: [Invite], _ limits: InviteLimits
    ) async throws -> [InviteConflict?] {
        try await store.add(invites.map { NewInvite($0, limits: limits) }).results.map { result in
            if case .failure(let conflict) = result { conflict } else { nil }
        }
    }

    @Test func aUserMakesSoManyWithin24HoursWhateverTheCalendarSays() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userDaily: .atMost(2))
            #expect(try await results(store, [invite(1, by: alice, at: 0)], limits) == [nil])
            #expect(try await results(store, [invite(2, by: alice, at: 10)], limits) == [nil])
            let full = InviteConflict.tooManyDaily(2, next: time(24))
            #expect(try await results(store, [invite(3, by: alice, at: 11)], limits) == [full])
            // Others have their own, in the same transaction too.
            #expect(
                try await results(store, [invite(4, by: alice, at: 23), invite(5, by: bob, at: 23)], limits)
                    == [full, nil])
            #expect(try await results(store, [invite(6, by: alice, at: 24)], limits) == [nil])
            #expect(
                try await results(store, [invite(7, by: alice, at: 24)], limits)
                    == [.tooManyDaily(2, next: time(34))])
            #expect(try await store.count() == 4)
        }
    }

    /// Times that a wrong clock has stored count for no longer than the day that the limit is for.
    @Test func whatWasMadeWhileTheClockWasAheadCountsForADayOnly() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userDaily: .atMost(2))
            let year: Int64 = 24 * 365
            let ahead = [invite(1, by: alice, at: year), invite(2, by: alice, at: year + 1)]
            #expect(try await results(store, ahead, limits) == [nil, nil])
            // The clock is right again.
            #expect(try await results(store, [invite(3, by: alice)], limits) == [nil])
            #expect(try await store.usage(of: alice, under: limits, at: time(0)).daily == 1)
            #expect(try await results(store, [invite(4, by: alice, at: 1)], limits) == [nil])
            // What is made now counts, so that it is no way around the limit.
            #expect(
                try await results(store, [invite(5, by: alice, at: 2)], limits)
                    == [.tooManyDaily(2, next: time(24))])
            // The day that they are of.
            #expect(
                try await results(store, [invite(6, by: alice, at: year + 2)], limits)
                    == [.tooManyDaily(2, next: time(year + 24))])
            #expect(try await results(store, [invite(7, by: alice, at: year + 24)], limits) == [nil])
        }
    }

    @Test func aClockThatIsSetBackGivesNoMoreThanOneDayMore() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userDaily: .atMost(2))
            let first = [invite(1, by: alice, at: 10), invite(2, by: alice, at: 10)]
            let back = [invite(3, by: alice, at: 9), invite(4, by: alice, at: 9), invite(5, by: alice, at: 9)]
            let again = [invite(6, by: alice, at: 10)]
            #expect(try await results(store, first, limits) == [nil, nil])
            #expect(try await results(store, back, limits) == [nil, nil, .tooManyDaily(2, next: time(33))])
            #expect(try await results(store, again, limits) == [.tooManyDaily(2, next: time(34))])
        }
    }

    @Test func aUserHasSoManyOpenOnes() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userOpen: .atMost(2))
            let invites = [
                invite(1, by: alice, for: 5), invite(2, by: alice, for: 3), invite(3, by: alice, for: 4),
            ]
            #expect(
                try await results(store, invites, limits) == [nil, nil, .tooManyOpen(2, next: time(3))])
            #expect(try await results(store, [invite(4, by: alice, at: 3)], limits) == [nil])
            // What is deleted is no longer open.
            _ = try await store.remove(numbered: [1])
            #expect(try await results(store, [invite(5, by: alice, at: 3)], limits) == [nil])
            #expect(
                try await store.usage(of: alice, under: limits, at: time(3))
                    == InviteUsage(
                        open: 2, daily: 3, stored: 3, conflict: .tooManyOpen(2, next: time(3 + 24 * 7))))
        }
    }

    @Test func theLimitThatHoldsLongerSaysWhen() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            for (number, (lifetime, conflict)) in [
                (Int64(5), InviteConflict.tooManyDaily(1, next: time(24))),
                (Int64(50), InviteConflict.tooManyOpen(1, next: time(50))),
            ].enumerated() {
                let user = Account(localpart: "user\(number)", domain: "example.com")
                let limits = InviteLimits(userOpen: .atMost(1), userDaily: .atMost(1))
                let first = invite(2 * number, by: user, for: lifetime)
                let second = invite(2 * number + 1, by: user)
                #expect(try await results(store, [first, second], limits) == [nil, conflict])
            }
        }
    }

    @Test func aLimitOfNoneIsForever() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let none = InviteLimits(userOpen: .atMost(0))
            #expect(try await results(store, [invite(1, by: alice)], none) == [.tooManyOpen(0, next: nil)])
            #expect(
                try await results(store, [invite(1, by: alice)], InviteLimits(userDaily: .atMost(0)))
                    == [.tooManyDaily(0, next: nil)])
        }
    }

    @Test func whatOperatorsMakeForAUserDoesNotCount() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userOpen: .atMost(1), userDaily: .atMost(1))
            try await store.add((0..<5).map { invite($0, by: alice, createdBy: .operator) })
            #expect(try await results(store, [invite(9, by: alice)], limits) == [nil])
        }
    }

    @Test func aHostHasSoManyRows() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(stored: .atMost(3))
            let invites = (0..<5).map { invite($0, by: Account(localpart: "u\($0)", domain: "example.com")) }
            let addition = try await store.add(invites.map { NewInvite($0, limits: limits) })
            #expect(addition.results.suffix(2) == [.failure(.tooManyStored(3)), .failure(.tooManyStored(3))])
            #expect(addition.storedCount == 3)
            // An invite without a limit may exceed it.
            #expect(try await store.add([NewInvite(invite(5, by: nil))]).storedCount == 4)
            #expect(try await results(store, [invite(6, by: alice)], limits) == [.tooManyStored(3)])
            _ = try await store.remove(InviteFilter())
            #expect(try await results(store, [invite(6, by: alice)], limits) == [nil])
            #expect(try await store.count() == 1)
        }
    }

    /// The count is cached between transactions, and other programs may have changed it.
    @Test func rowsOfAnotherProgramCount() async throws {
        try await StateFixture.run { databases, fixture async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(stored: .atMost(3))
            #expect(try await results(store, [invite(1, by: alice)], limits) == [nil])
            try fixture.makeDatabase(of: "example.com") { database in
                for number in 0..<2 {
                    try database.execute(
                        sql: """
                            INSERT INTO invite (token, kind, action, created_at, expires_at)
                            VALUES ('foreign\(number)', 'account', 'register', 1, 2)
                            """)
                }
            }
            #expect(try await results(store, [invite(2, by: alice)], limits) == [.tooManyStored(3)])
        }
    }

    /// The sweep removes a little at a time, and new invites are added in between: counting a million rows after each
    /// would delay them.
    @Test func whatIsRemovedIsNotCountedAnew() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(stored: .atMost(5))
            _ = try await results(store, (0..<5).map { invite($0, by: bob, for: Int64($0) + 1) }, limits)
            _ = try await store.remove(InviteFilter(state: .expired(at: time(2))))
            try #expect(knownRows(of: store) == 3)
            _ = try await store.remove(numbered: [3, 4, 99])
            try #expect(knownRows(of: store) == 1)
            _ = try await store.remove(InviteFilter(state: .expired(at: time(0))))
            try #expect(knownRows(of: store) == 1)
            #expect(
                try await results(store, (5..<10).map { invite($0, by: bob) }, limits)
                    == [nil, nil, nil, nil, .tooManyStored(5)])
            #expect(try await store.count() == 5)
        }
    }

    @Test func rowsAreCountedOnceALimitAsks() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let unlimited = (0..<2).map { NewInvite(invite($0, by: nil)) }
            #expect(try await store.add(unlimited).storedCount == nil)
            try #expect(knownRows(of: store) == nil)
            let limited = NewInvite(invite(2, by: alice), limits: InviteLimits(stored: .atMost(10)))
            #expect(try await store.add([NewInvite(invite(3, by: nil)), limited]).storedCount == 4)
            #expect(try await store.add([NewInvite(invite(4, by: nil))]).storedCount == 5)
        }
    }

    /// The index has a block for each 1,024 numbers, and there are unused numbers.
    @Test func whatIsFarApartCountsTogether() async throws {
        try await StateFixture.run { databases, fixture async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userOpen: .atMost(5), userDaily: .atMost(4))
            #expect(try await results(store, [invite(0, by: alice, for: 30)], limits) == [nil])
            try await store.add((1...2_100).map { invite($0, by: bob) })
            #expect(try await results(store, [invite(3_000, by: alice, at: 1)], limits) == [nil])
            // Whole blocks are missing, and a number is the last of its block.
            _ = try await store.remove(numbered: Array(500...2_000))
            while store.state.withLock({ $0.givesBack }) { await Task.yield() }
            try fixture.makeDatabase(of: "example.com") { database in
                try database.execute(sql: "UPDATE invite SET id = 10239 WHERE id = 2102")
                try database.execute(sql: "UPDATE sqlite_sequence SET seq = 10239")
            }
            #expect(try await results(store, [invite(3_001, by: alice, at: 2)], limits) == [nil])
            #expect(
                try await store.usage(of: alice, under: limits, at: time(3))
                    == InviteUsage(open: 3, daily: 3, stored: 602, conflict: nil))
            #expect(try await results(store, [invite(3_002, by: alice, at: 3)], limits) == [nil])
            #expect(
                try await results(store, [invite(3_003, by: alice, at: 3)], limits) == [
                    .tooManyDaily(4, next: time(24))
                ])
            #expect(try await results(store, [invite(3_004, by: alice, at: 24)], limits) == [nil])
            #expect(
                try await results(store, [invite(3_005, by: alice, at: 25)], limits) == [
                    .tooManyOpen(5, next: time(30))
                ])
            // What was taken back or used is not open, and was made all the same.
            _ = try await store.revoke([1], Revocation(at: time(26), by: "admin", why: nil))
            #expect(try await store.usage(of: alice, under: limits, at: time(26)).open == 4)
            #expect(try await store.usage(of: alice, under: limits, at: time(23)).daily == 4)
        }
    }

    /// The numbers of a damaged or edited table, too.
    @Test(arguments: [Int64.min, -1, Int64.max - 1, Int64.max] as [Int64])
    func numbersAtTheEndsAreLookedAtOnce(number: Int64) async throws {
        try await StateFixture.run { databases, fixture async throws in
            let store = databases.store(for: "example.com")
            try await store.add([invite(1, by: alice), invite(2, by: alice)])
            try fixture.makeDatabase(of: "example.com") { database in
                try database.execute(sql: "UPDATE invite SET id = ? WHERE id = 2", arguments: [number])
            }
            let usage = try await store.usage(of: alice, under: InviteLimits(userOpen: .atMost(9)), at: time(1))
            #expect(usage == InviteUsage(open: 2, daily: 2, stored: 2, conflict: nil))
        }
    }

    /// Asked for a user among many, it must not go through the others' invites.
    @Test func aUsersInvitesAreReadFromTheIndexAlone() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            try await store.add(
                (0..<3_000).map { invite($0, by: Account(localpart: "u\($0 % 500)", domain: "example.com")) })
            let database = try #require(store.state.withLock { $0.database })
            let plan = try database.access { database in
                try Row.fetchAll(
                    database, sql: "EXPLAIN QUERY PLAN \(InviteDatabase.countOfUser)",
                    arguments: ["user": "x", "at": 1]
                )
                .compactMap { String.fromDatabaseValue($0[3]) }
            }
            // Newer versions of SQLite see that it covers all that is asked for.
            let search = "INDEX invite_by_user (<expr>=? AND inviter=?)"
            let known = ["SEARCH invite USING \(search)", "SEARCH invite USING COVERING \(search)"]
            #expect(!Set(plan).isDisjoint(with: known), "\(plan)")
            #expect(plan.contains("SEARCH invite USING INTEGER PRIMARY KEY (rowid>?)"), "\(plan)")
        }
    }

    private func knownRows(of store: InviteStore) throws -> Int? {
        try #require(store.state.withLock { $0.database }).rowCount.withLock { $0?.rows }
    }

    @Test func ofOneBatchEachSeesThoseBeforeIt() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userDaily: .atMost(3))
            let conflicts = try await results(
                store,
                (0..<6).map { invite($0, by: alice, username: $0 % 2 == 0 ? "juliet" : nil) }, limits)
            #expect(
                conflicts == [
                    nil, nil, .usernameTaken, nil, .usernameTaken, .tooManyDaily(3, next: time(24)),
                ])
        }
    }

    /// As many at once as there may be callers: never one more than the limit, whichever they are.
    @Test func manyAtOnceStayWithinTheLimit() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let limits = InviteLimits(userOpen: .atMost(50), userDaily: .atMost(20), stored: .atMost(100_000))
            let stored = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<500 {
                    let new = NewInvite(invite(number, by: alice), limits: limits)
                    group.addTask {
                        try await store.add([new]).results.filter { (try? $0.get()) != nil }.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(stored == 20)
            #expect(try await store.count() == 20)
        }
    }

    /// As in a database that was damaged or edited: SQLite itself says then that the disk is full.
    @Test(arguments: [Int64.max, Int64.max - 1, 1 << 62] as [Int64])
    func theHighestNumberThatThereIsEndsNothing(highest: Int64) async throws {
        try await StateFixture.run { databases, fixture async throws in
            let store = databases.store(for: "example.com")
            #expect(try await store.add([NewInvite(invite(1, by: alice))]).results == [.success(1)])
            await store.close()
            let file = try DatabaseQueue(path: fixture.file(of: "example.com"))
            try await file.write { try $0.execute(sql: "UPDATE invite SET id = ?", arguments: [highest]) }
            try await file.write { try $0.execute(sql: "UPDATE sqlite_sequence SET seq = ?", arguments: [highest]) }
            try file.close()
            let next = [NewInvite(invite(2, by: alice)), NewInvite(invite(3, by: alice))]
            #expect(try await store.add(next).results == [.success(1), .success(2)])
            #expect(try await store.all(InviteFilter()).map(\.number) == [1, 2, highest])
            // Numbers that were given to other invites are not used again.
            #expect(try await store.remove(numbered: [1, highest]) == 2)
            #expect(try await store.add([NewInvite(invite(4, by: alice))]).results == [.success(3)])
        }
    }

    @Test func noteAndCreatorAreReadBack() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            let invite = Invite(
                token: try #require(Token("tokenToken")), kind: .account, inviter: nil, createdBy: .operator,
                note: "for the choir: Ærø 🎵", createdAt: time(0), expiresAt: time(1))
            try await store.add([invite])
            #expect(try await store.invites() == [invite])
        }
    }
}
