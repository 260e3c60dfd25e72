import Foundation
import GRDB
import Invites
import Testing

@testable import Storage

@Suite struct InviteStoreTests {
    @Test func whatIsAddedIsReadBackEqual() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let invites = (0..<60).map { Invite.sample($0) }
            try await store.add(invites)
            for invite in invites { #expect(try await store.invite(withToken: invite.token) == invite) }
            #expect(try await store.invite(withToken: Invite.sample(60).token) == nil)
            #expect(try await store.invites() == invites)
            #expect(try await store.invites(limit: 2) == Array(invites.prefix(2)))
            let alice = Account(localpart: "alice3", domain: "example.com")
            #expect(try await store.invites(of: alice) == invites.filter { $0.inviter == alice })
            #expect(try await store.count() == 60)
        }
    }

    @Test func anInviteWithoutInviterIsReadBackEqual() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let sample = Invite.sample(1)
            let invite = Invite(
                token: sample.token, kind: .account, inviter: nil, createdAt: sample.createdAt,
                expiresAt: Timestamp(millisecondsSinceEpoch: .max))
            try await store.add([invite])
            #expect(try await store.invite(withToken: invite.token) == invite)
        }
    }

    @Test func aUsernameIsPromisedUntilItsInviteExpires() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            let sample = Invite.sample(1)
            #expect(try await !store.isPromised("juliet", at: sample.createdAt))
            try await store.add([
                Invite(
                    token: sample.token, kind: .account, inviter: nil, username: "juliet",
                    createdAt: sample.createdAt, expiresAt: sample.expiresAt)
            ])
            #expect(try await store.isPromised("juliet", at: sample.createdAt))
            #expect(try await !store.isPromised("romeo", at: sample.createdAt))
            #expect(try await !store.isPromised("juliet", at: sample.expiresAt))
        }
    }

    @Test func commitsAreDurable() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            for _ in 0..<2 {
                try await store.add([])
                try await store.check()
                let pragmas = try await store.perform(creating: false) { database in
                    try database.access { connection in
                        [
                            try String.fetchOne(connection, sql: "PRAGMA synchronous"),
                            try String.fetchOne(connection, sql: "PRAGMA journal_mode"),
                        ]
                    }
                }
                #expect(pragmas == ["2", "wal"], "2 is FULL")
                await store.close()
            }
            let permissions = try FileManager.default.attributesOfItem(atPath: fixture.file(of: "example.com"))
            #expect(permissions[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func concurrentAddsShareTransactions() async throws {
        try await StateFixture.run(writers: 1) { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.check()
            let gate = Gate()
            try await withThrowingTaskGroup { group in
                group.addTask { _ = try await store.perform(creating: false) { _ in gate.pass() } }
                await gate.waitUntilReached()
                for number in 0..<2_000 { group.addTask { try await store.add([.sample(number)]) } }
                await store.waitUntilWaiting(rows: 2_000)
                gate.open()
                try await group.waitForAll()
            }
            #expect(databases.statistics.commits == 2)
            #expect(databases.statistics.committedInvites == 2_000)
            #expect(try await store.count() == 2_000)
        }
    }

    @Test func oneCallsDuplicateIsNotItsNeighboursTrouble() async throws {
        try await StateFixture.run(writers: 1) { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.add([.sample(1)])
            let gate = Gate()
            async let busy: Void? = store.perform(creating: false) { _ in gate.pass() }
            await gate.waitUntilReached()
            async let good: Void = store.add([.sample(2), .sample(3)])
            await store.waitUntilWaiting(rows: 2)
            async let bad: Void = store.add([.sample(4), .sample(1)])
            await store.waitUntilWaiting(rows: 4)
            gate.open()
            _ = try await busy
            try await good
            do {
                try await bad
                Issue.record("a duplicate was added")
            } catch {
                #expect(error as? StoreError == .duplicate)
            }
            #expect(try await store.invites().map(\.token) == [1, 2, 3].map { Invite.sample($0).token })
            try await store.add([.sample(5)])
        }
    }

    @Test func callsAreDoneInTheirOrder() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.check()
            let gate = Gate()
            async let busy: Void? = store.perform(creating: false) { _ in gate.pass() }
            await gate.waitUntilReached()
            async let first: Void = store.add([.sample(1)])
            await store.waitUntilWaiting(rows: 1)
            async let counted = store.count()
            await store.waitUntilWaiting(rows: 2)
            async let second: Void = store.add([.sample(2)])
            await store.waitUntilWaiting(rows: 3)
            gate.open()
            _ = try await (busy, first, second)
            #expect(try await counted == 1)
            #expect(try await store.count() == 2)
        }
    }

    @Test func aFullQueueRefusesMore() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.check()
            let gate = Gate()
            async let busy: Void? = store.perform(creating: false) { _ in gate.pass() }
            await gate.waitUntilReached()
            async let many: Void = store.add((0..<16_384).map { .sample($0) })
            await store.waitUntilWaiting(rows: 16_384)
            await #expect(throws: StoreError.overloaded) { try await store.add([.sample(20_000)]) }
            await #expect(throws: StoreError.overloaded) { try await store.count() }
            gate.open()
            _ = try await (busy, many)
            #expect(try await store.count() == 16_384)
        }
    }

    @Test func aBusyHostDoesNotHoldUpOthers() async throws {
        try await StateFixture.run(writers: 2) { databases, _ in
            let busy = databases.store(for: "busy.example")
            let calm = databases.store(for: "calm.example")
            try await busy.check()
            let gate = Gate()
            async let hung: Void? = busy.perform(creating: false) { _ in gate.pass() }
            await gate.waitUntilReached()
            async let waiting: Void = busy.add([.sample(1)])
            await busy.waitUntilWaiting(rows: 1)
            try await calm.add([.sample(2)])
            #expect(try await calm.count() == 1)
            gate.open()
            _ = try await (hung, waiting)
        }
    }

    @Test func aFloodedHostTakesTurnsWithOthers() async throws {
        try await StateFixture.run(writers: 1) { databases, _ in
            let flooded = databases.store(for: "flooded.example")
            let calm = databases.store(for: "calm.example")
            try await flooded.check()
            try await calm.check()
            let gate = Gate()
            async let busy: Void? = flooded.perform(creating: false) { _ in gate.pass() }
            await gate.waitUntilReached()
            let journal = Journal()
            try await withThrowingTaskGroup { group in
                for turn in 0..<5 {
                    group.addTask {
                        _ = try await flooded.perform(creating: false) { _ in journal.note("flooded") }
                    }
                    await flooded.waitUntilWaiting(rows: turn + 1)
                }
                group.addTask {
                    _ = try await calm.perform(creating: false) { _ in journal.note("calm") }
                }
                await calm.waitUntilWaiting(rows: 1)
                gate.open()
                try await group.waitForAll()
            }
            _ = try await busy
            #expect(journal.notes.firstIndex(of: "calm") == 0)
        }
    }

    @Test func theSweepTakesTheOldestFirst() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.add((0..<10).map { .sample($0, expiry: Int64(100 - $0)) })
            let time = Timestamp(millisecondsSinceEpoch: 97)
            #expect(try await store.removeExpired(before: time, limit: 4) == 4)
            #expect(try await store.invites().map(\.expiresAt.millisecondsSinceEpoch) == [100, 99, 98, 97, 96, 95])
            #expect(try await store.removeExpired(before: time, limit: 4) == 2)
            #expect(try await store.removeExpired(before: time, limit: 4) == 0)
            #expect(try await store.count() == 4)
        }
    }

    @Test func readingMakesNoDatabase() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            let count = try await store.count()
            let invites = try await store.invites()
            let invite = try await store.invite(withToken: Invite.sample(1).token)
            let removed = try await store.removeExpired(before: Timestamp(millisecondsSinceEpoch: .max), limit: 10)
            let hosts = try databases.hostsWithDatabase()
            #expect((count, removed) == (0, 0))
            #expect(invites == [])
            #expect(invite == nil)
            #expect(hosts == [])
            #expect(!fixture.exists(fixture.file(of: "example.com")))
            #expect(databases.statistics.openDatabases == 0)
        }
    }
}
