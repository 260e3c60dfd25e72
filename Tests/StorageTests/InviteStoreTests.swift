import Foundation
import GRDB
import Invites
import TestSupport
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

    @Test func commitsAreDurable() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            for _ in 0..<2 {
                try await store.check()
                let pragmas = try await store.perform(.changing) { database in
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
                group.addTask { _ = try await store.perform(.changing) { _ in gate.pass() } }
                await gate.waitUntilReached()
                for number in 0..<2_000 { group.addTask { try await store.add([.sample(number)]) } }
                await store.waitUntilWaiting(rows: 2_000)
                gate.open()
                try await group.waitForAll()
            }
            #expect(databases.openDatabases.commits == 2)
            #expect(try await store.count() == 2_000)
        }
    }

    @Test func callsAreDoneInTheirOrder() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: "example.com")
            try await store.check()
            let gate = Gate()
            async let busy: Void? = store.perform(.changing) { _ in gate.pass() }
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
            async let busy: Void? = store.perform(.changing) { _ in gate.pass() }
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
            async let hung: Void? = busy.perform(.changing) { _ in gate.pass() }
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
            async let busy: Void? = flooded.perform(.changing) { _ in gate.pass() }
            await gate.waitUntilReached()
            let journal = Journal()
            try await withThrowingTaskGroup { group in
                for turn in 0..<5 {
                    group.addTask {
                        _ = try await flooded.perform(.changing) { _ in journal.note("flooded") }
                    }
                    await flooded.waitUntilWaiting(rows: turn + 1)
                }
                group.addTask {
                    _ = try await calm.perform(.changing) { _ in journal.note("calm") }
                }
                await calm.waitUntilWaiting(rows: 1)
                gate.open()
                try await group.waitForAll()
            }
            _ = try await busy
            #expect(journal.notes.firstIndex(of: "calm") == 0)
        }
    }

    @Test func readingMakesNoDatabase() async throws {
        try await StateFixture.run { databases, fixture in
            let store = databases.store(for: "example.com")
            let count = try await store.count()
            let invites = try await store.invites()
            let invite = try await store.invite(withToken: Invite.sample(1).token)
            let removed = try await store.remove(InviteFilter()).count
            let hosts = try databases.hostsWithInvites()
            #expect((count, removed) == (0, 0))
            #expect(invites == [])
            #expect(invite == nil)
            #expect(hosts == [])
            #expect(!fixture.exists(fixture.file(of: "example.com")))
            #expect(databases.openDatabases.count == 0)
        }
    }
}
