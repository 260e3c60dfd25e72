import Foundation
import GRDB
import Invites
import TestSupport
import Testing

@testable import Storage

/// Listing, counting, removing and extending invites, as operators do.
@Suite(.timeLimit(.minutes(5))) struct InviteBrowsingTests {
    private static let now = Timestamp(millisecondsSinceEpoch: 1_000_000)
    private static let alice = Account(localpart: "alice1", domain: "example.com")

    /// Invites of every kind and five inviters, made one second after the other, good until about ``now``.
    private static func varied(_ count: Int) throws -> [Invite] {
        try (0..<count).map { number -> Invite in
            let milliseconds = Int64(number) * 1_000
            // Around the edge, too: the moment itself is too late.
            let expiry = now.millisecondsSinceEpoch - 1 + Int64(number % 3)
            let inviter = Account(localpart: "alice\(number % 5)", domain: "example.com")
            return Invite(
                token: try #require(Token(String(format: "%022d", number))), kind: InviteKind.allCases[number % 4],
                action: .register, inviter: number % 7 == 0 ? nil : inviter,
                username: number % 3 == 0 ? "juliet\(number)" : nil,
                createdAt: Timestamp(millisecondsSinceEpoch: milliseconds),
                expiresAt: Timestamp(millisecondsSinceEpoch: expiry))
        }
    }

    private static let filters: [InviteFilter] = {
        let kinds: [InviteKind?] = [nil] + InviteKind.allCases
        let inviters: [Account?] = [nil, alice, Account(localpart: "' OR 1=1 --", domain: "example.com")]
        let states: [InviteFilter.State?] = [nil] + InviteState.allCases.map { InviteFilter.State($0, at: now) }
        let times: [(Timestamp?, Timestamp?)] = [
            (nil, nil), (Timestamp(millisecondsSinceEpoch: 60_000), nil),
            (nil, Timestamp(millisecondsSinceEpoch: 60_000)),
            (Timestamp(millisecondsSinceEpoch: 90_000), Timestamp(millisecondsSinceEpoch: 30_000)),
        ]
        return kinds.flatMap { kind in
            inviters.flatMap { inviter in
                states.flatMap { state in
                    times.map { before, since in
                        InviteFilter(
                            kind: kind, inviter: inviter, state: state, createdBefore: before, createdSince: since)
                    }
                }
            }
        }
    }()

    @Test func everyFilterFindsWhatItMeans() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let invites = try Self.varied(120)
            try await store.add(invites)
            var sizes: Set<Int> = []
            for filter in Self.filters {
                let found = try await store.all(filter, limit: 7).map(\.invite)
                #expect(found == invites.filter(filter.includes), "\(filter)")
                #expect(try await store.count(filter) == InviteTally(count: found.count))
                sizes.insert(found.count)
            }
            // The filters must select differently, or the test proves nothing.
            #expect(sizes.count > 10)
        }
    }

    @Test func everyFilterRemovesWhatItMeans() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            for (index, filter) in Self.filters.enumerated() where index % 5 == 0 {
                let invites = try Self.varied(120)
                try await store.add(invites)
                let (meant, others) = (invites.filter(filter.includes), invites.filter { !filter.includes($0) })
                #expect(try await store.remove(filter) == InviteTally(count: meant.count))
                #expect(try await store.all().map(\.invite) == others)
                _ = try await store.remove(InviteFilter())
            }
            // Numbers are never given again.
            #expect(try await store.lastNumber() == 0)
            #expect(try await store.add(.sample(1)) > 120)
        }
    }

    @Test func numbersAreThoseOfTheInvites() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let first = try await store.add(.sample(1))
            try await store.add([.sample(2), .sample(3)])
            // Many callers share a transaction, and each gets the number of its own.
            let numbers = try await withThrowingTaskGroup(of: (Int, Int64).self) { group in
                for index in 10..<60 { group.addTask { (index, try await store.add(.sample(index))) } }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(first == 1)
            #expect(try await store.lastNumber() == 53)
            for (index, number) in numbers {
                #expect(
                    try await store.invites(numbered: [number])
                        == [StoredInvite(number: number, invite: .sample(index))])
            }
        }
    }

    @Test func aDuplicateHasNoNumberAndCostsOthersNone() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            _ = try await store.add(.sample(1))
            await #expect(throws: InviteConflict.tokenTaken) { try await store.add(.sample(1)) }
            let number = try await store.add(.sample(2))
            #expect(try await store.invites(numbered: [number]).map(\.invite) == [.sample(2)])
        }
    }

    @Test func byNumberInTheOrderAsked() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.add((0..<5).map { .sample($0) })
            #expect(try await store.invites(numbered: [4, 99, 2]).map(\.number) == [4, 2])
            #expect(try await store.remove(numbered: [4, 99, 2]) == 2)
            #expect(try await store.all().map(\.number) == [1, 3, 5])
        }
    }

    @Test func aCallLooksAtFewRows() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let stretch = InviteDatabase.rowsPerStretch
            try await store.add((0..<stretch + 10).map { .sample($0) })
            let nobody = InviteFilter(inviter: Account(localpart: "nobody", domain: "example.com"))
            #expect(try await store.page(nobody) == InvitePage([], next: Int64(stretch)))
            #expect(try await store.page(nobody, after: Int64(stretch)) == InvitePage())
            #expect(try await store.count(InviteFilter()) == InviteTally(count: stretch, next: Int64(stretch)))
            #expect(try await store.count(InviteFilter(), after: Int64(stretch)) == InviteTally(count: 10))
            #expect(try await store.remove(InviteFilter()) == InviteTally(count: 500, next: 0))
            // Invites after the end of the range are not returned.
            let last = try await store.page(
                InviteFilter(), after: Int64(stretch), through: Int64(stretch) + 3, limit: 500)
            #expect(last.invites.count == 3 && last.next == nil)
            #expect(try await store.page(limit: 0).invites.count == 1)
        }
    }

    @Test func whatIsMadeDuringARemovalStays() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.add((0..<3_000).map { .sample($0) })
            let end = try await store.lastNumber()
            var removed = 0
            var next: Int64? = 0
            var added = 3_000
            while let start = next {
                let tally = try await store.remove(InviteFilter(), after: start, through: end)
                removed += tally.count
                next = tally.next
                try await store.add([.sample(added)])
                added += 1
            }
            #expect(removed == 3_000)
            #expect(try await store.all().map(\.invite) == (3_000..<added).map { .sample($0) })
        }
    }

    @Test func extendingSetsTheEnd() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let old = Invite.sample(4, expiry: 500)
            let number = try await store.add(old)
            let later = Timestamp(millisecondsSinceEpoch: 2_000_000)
            let extended = try await store.extend(number, until: later, at: Self.now)
            let stored = try #require(try await store.invites(numbered: [number]).first)
            #expect(extended == .extended(stored, before: old.expiresAt))
            #expect(stored.invite.expiresAt == later)
            #expect(stored.invite.token == old.token && stored.invite.username == "juliet4")
            #expect(try await store.extend(99, until: later, at: Self.now) == .unknown)
        }
    }

    @Test func aNamePromisedAnewIsNotPromisedTwice() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            func invite(_ token: String, _ kind: InviteKind, until expiry: Int64) throws -> Invite {
                Invite(
                    token: try #require(Token(token)), kind: kind, inviter: nil, username: "juliet",
                    createdAt: Self.now, expiresAt: Timestamp(millisecondsSinceEpoch: expiry))
            }
            let later = Timestamp(millisecondsSinceEpoch: 3_000_000)
            let expired = try await store.add(try invite("expiredExpired", .account, until: 10))
            let reset = try await store.add(try invite("resetReset", .reset, until: 2_000_000))
            let open = try await store.add(try invite("openOpenOpen", .account, until: 2_000_000))
            await #expect(throws: InviteConflict.usernameTaken) {
                _ = try await store.add(try invite("laterLater", .account, until: 2_000_000))
            }
            #expect(try await store.extend(expired, until: later, at: Self.now) == .usernameTaken)
            for number in [open, reset] {
                guard case .extended = try await store.extend(number, until: later, at: Self.now) else {
                    Issue.record("\(number) was not extended")
                    continue
                }
            }
            _ = try await store.remove(numbered: [open])
            guard case .extended = try await store.extend(expired, until: later, at: Self.now) else {
                Issue.record("the name is free again")
                return
            }
        }
    }

    @Test func theNewestOpenOnesComeFirst() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            // 1…150; every third has expired.
            try await store.add((1...150).map { .sample($0, expiry: $0 % 3 == 0 ? 10 : 2_000_000) })
            func numbers(_ prefix: String, _ limit: Int = 5) async throws -> [Int64] {
                try await store.newest(prefix, limit: limit, at: Self.now).map(\.number)
            }
            #expect(try await numbers("") == [149, 148, 146, 145, 143])
            #expect(try await numbers("14", 20) == [149, 148, 146, 145, 143, 142, 140, 14, 147, 144, 141])
            #expect(try await numbers("15") == [150, 15])
            #expect(try await numbers("7", 3) == [79, 77, 76])
            #expect(try await numbers("200") == [])
            for wrong in ["0", "07", "x", "-1", "+1", "1 OR 1", "99999999999999999999", "9223372036854775808"] {
                #expect(try await numbers(wrong) == [])
            }
            #expect(try await numbers("9223372036854775807") == [])
        }
    }

    @Test func theNumbersThatBeginSo() {
        #expect(InviteDatabase.numbers(beginningWith: "4").prefix(17).last == 400...499)
        #expect(InviteDatabase.numbers(beginningWith: "4").last == 4...4)
        #expect(InviteDatabase.numbers(beginningWith: "4").count == 19)
        #expect(InviteDatabase.numbers(beginningWith: "9").first == 9_000_000_000_000_000_000...Int64.max)
        #expect(InviteDatabase.numbers(beginningWith: "9223372036854775807") == [.max ... .max])
    }

    @Test func readingMakesNoDatabase() async throws {
        try await StateFixture.run { databases, _ async throws in
            let store = databases.store(for: "example.com")
            #expect(try await store.page() == InvitePage())
            #expect(try await store.count(InviteFilter()) == InviteTally())
            #expect(try await store.remove(InviteFilter()) == InviteTally())
            #expect(try await store.lastNumber() == 0)
            #expect(try await store.invites(numbered: [1]) == [])
            #expect(try await store.remove(numbered: [1]) == 0)
            #expect(try await store.extend(1, until: Self.now, at: Self.now) == .unknown)
            #expect(try await store.newest("", limit: 5, at: Self.now) == [])
            #expect(try databases.hostsWithInvites() == [])
        }
    }

    @Test func aDatabaseOfTheFirstVersionIsListed() async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let sql = try String(
            contentsOf: #require(Bundle.module.url(forResource: "Fixtures/version-1", withExtension: "sql")),
            encoding: .utf8)
        try fixture.makeDatabase(of: "example.com") { try $0.execute(sql: sql) }
        try await fixture.open { databases in
            let store = databases.store(for: "example.com")
            #expect(try await store.all().map(\.number) == [1, 2, 3, 7, 8])
            let reset = Invite(
                token: try #require(Token("resetReset")), kind: .reset, inviter: nil, username: "juliet",
                createdAt: Self.now, expiresAt: Self.now)
            #expect(try await store.add(reset) == 9)
            #expect(try await store.all(InviteFilter(kind: .reset)).map(\.invite) == [reset])
        }
    }

    /// Each call takes one turn: other requests for the same host are served in between.
    @Test func aHundredThousandAreListedCountedAndRemovedInTurns() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let count = 100_000
            for start in stride(from: 0, to: count, by: 10_000) {
                try await store.add((start..<start + 10_000).map { .sample($0) })
            }
            let filter = InviteFilter(inviter: Self.alice)
            #expect(try await store.all(filter).count == count / 5)
            var (removed, turns, added) = (0, 0, 0)
            let end = try await store.lastNumber()
            var next: Int64? = 0
            while let start = next {
                // Asked while the removal is in line, or at work.
                let new = Invite.sample(count + added)
                async let other = store.add(new)
                let tally = try await store.remove(filter, after: start, through: end)
                #expect(tally.count <= InviteDatabase.rowsPerRemoval)
                removed += tally.count
                next = tally.next
                turns += 1
                _ = try await other
                added += 1
            }
            #expect(removed == count / 5)
            #expect(turns >= removed / InviteDatabase.rowsPerRemoval)
            #expect(try await store.count() == count - removed + added)
        }
    }
}

extension InviteStore {
    /// All pages, one after the other.
    func all(_ filter: InviteFilter = InviteFilter(), limit: Int = 500) async throws -> [StoredInvite] {
        var found: [StoredInvite] = []
        var next: Int64? = 0
        while let start = next {
            let page = try await page(filter, after: start, limit: limit)
            #expect(page.invites.count <= limit)
            found += page.invites
            next = page.next
        }
        return found
    }
}

extension InviteFilter {
    /// Whether `invite` is meant: what the database is to find.
    fileprivate func includes(_ invite: Invite) -> Bool {
        if let kind, invite.kind != kind { return false }
        if let inviter, invite.inviter != inviter { return false }
        if let createdBefore, invite.createdAt >= createdBefore { return false }
        if let createdSince, invite.createdAt < createdSince { return false }
        return state.map { invite.state(at: $0.time) == $0.state } ?? true
    }
}
