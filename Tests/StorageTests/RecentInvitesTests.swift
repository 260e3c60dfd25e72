import Foundation
import Invites
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// What is known of an invite without asking the disk is what the disk would say.
@Suite(.timeLimit(.minutes(5))) struct RecentInvitesTests {
    private static let host = "example.com"
    private static let now = Timestamp(millisecondsSinceEpoch: 10_000)

    /// Runs a body with a store that has two invites, and with its clock.
    private func run(_ body: (InviteStore, StateFixture, Clock) async throws -> Void) async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        let clock = Clock()
        let databases = try InviteDatabases(
            directory: fixture.directory, maximumOpen: 4, writers: 2, uptime: { clock.milliseconds.withLock { $0 } },
            report: { _ in })
        do {
            let store = databases.store(for: Self.host)
            try await store.add([Invite.redeemable(1), Invite.redeemable(2)])
            try await body(store, fixture, clock)
            await databases.shutdown()
        } catch {
            await databases.shutdown()
            throw error
        }
    }

    private final class Clock: Sendable { let milliseconds = Mutex<Int64>(5_000) }

    private static func token(_ number: Int) -> Token { Invite.sample(number).token }

    @Test func whatWasReadIsKnownForASecond() async throws {
        try await run { store, _, clock in
            #expect(store.recentInvite(withToken: Self.token(1)) == nil)
            let read = try await store.storedInvites(withTokens: [Self.token(1), Self.token(9)])
            #expect(read[0] != nil)
            #expect(store.recentInvite(withToken: Self.token(1)) == read[0])
            #expect(store.recentInvite(withToken: Self.token(2)) == nil)
            #expect(store.recentInvite(withToken: Self.token(9)) == nil)
            clock.milliseconds.withLock { $0 += 999 }
            #expect(store.recentInvite(withToken: Self.token(1)) == read[0])
            clock.milliseconds.withLock { $0 += 1 }
            #expect(store.recentInvite(withToken: Self.token(1)) == nil)
        }
    }

    @Test(arguments: Change.allCases) func whatMayHaveChangedIsNotKnown(change: Change) async throws {
        try await run { store, fixture, _ in
            _ = try await store.storedInvites(withTokens: [Self.token(1)])
            #expect(store.recentInvite(withToken: Self.token(1)) != nil)
            try await change.make(in: store, Self.token(1), at: Self.now)
            #expect(store.recentInvite(withToken: Self.token(1)) == nil)
            // And then it is as it was made.
            let read = try await store.storedInvites(withTokens: [Self.token(1)])[0]
            #expect(store.recentInvite(withToken: Self.token(1)) == read)
        }
    }

    enum Change: CaseIterable {
        case add, reserve, revoke, extend, remove, check, close

        func make(in store: InviteStore, _ token: Token, at now: Timestamp) async throws {
            switch self {
            case .add: try await store.add([Invite.redeemable(3)])
            case .reserve: _ = try await store.one(.reserve(.sample(1, "a"))).get()
            case .revoke: _ = try await store.revoke([1], Revocation(at: now, by: "ann", why: "tested"))
            case .extend: _ = try await store.extend(1, until: Timestamp(millisecondsSinceEpoch: 2_000_000), at: now)
            case .remove: _ = try await store.remove(numbered: [1])
            case .check: try await store.check()
            case .close: await store.close()
            }
        }
    }

    @Test func nothingIsKnownWhileAChangeIsUnderWay() async throws {
        try await run { store, _, _ in
            _ = try await store.storedInvites(withTokens: [Self.token(1)])
            let gate = Gate()
            async let change: Void? = store.perform(.changing) { _ in gate.pass() }
            await gate.waitUntilReached()
            #expect(store.recentInvite(withToken: Self.token(1)) == nil)
            async let read = store.storedInvites(withTokens: [Self.token(1)])
            await store.waitUntilWaiting(rows: 1)
            #expect(store.recentInvite(withToken: Self.token(1)) == nil)
            gate.open()
            _ = try await change
            #expect(try await read[0] == store.recentInvite(withToken: Self.token(1)))
        }
    }

    @Test func itIsBounded() async throws {
        try await run { store, _, _ in
            let numbers = Array(10..<(11 + RecentInvites.capacity))
            try await store.add(numbers.map { Invite.redeemable($0) })
            _ = try await store.storedInvites(withTokens: numbers.map { Self.token($0) })
            let known = numbers.filter { store.recentInvite(withToken: Self.token($0)) != nil }
            #expect(known.count <= RecentInvites.capacity && known.contains(numbers[numbers.count - 1]))
        }
    }
}
