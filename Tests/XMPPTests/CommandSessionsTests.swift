import TestSupport
import Testing

@testable import XMPP

@Suite struct CommandSessionsTests {
    private var random = SeededGenerator(seed: 50)
    private let alice: JID
    private let bob: JID

    init() throws {
        alice = try JID("alice@a.example/x")
        bob = try JID("bob@a.example/x")
    }

    @Test mutating func aSessionIsTakenOnce() throws {
        var sessions = CommandSessions<String>()
        let id = sessions.open(owner: alice, node: "n", state: "remembered", now: 0, using: &random)
        #expect(sessions.count == 1)
        #expect(try sessions.take(id, owner: alice, node: "n", now: 1) == "remembered")
        #expect(sessions.count == 0)
        #expect(throws: CommandError.badSessionID) { try sessions.take(id, owner: alice, node: "n", now: 1) }
    }

    @Test mutating func aSessionIsItsOpenersOwn() throws {
        var sessions = CommandSessions<Int>()
        let id = sessions.open(owner: alice, node: "n", state: 1, now: 0, using: &random)
        for stranger in [bob, alice.bare, try JID("alice@a.example/y"), try JID("alice@b.example/x")] {
            #expect(throws: CommandError.badSessionID) { try sessions.take(id, owner: stranger, node: "n", now: 1) }
        }
        #expect(throws: CommandError.badSessionID) { try sessions.take(id, owner: alice, node: "other", now: 1) }
        #expect(throws: CommandError.badSessionID) { try sessions.take("", owner: alice, node: "n", now: 1) }
        #expect(try sessions.take(id, owner: alice, node: "n", now: 1) == 1)
    }

    @Test mutating func sessionsExpire() throws {
        var sessions = CommandSessions<Int>(lifetime: 100)
        let first = sessions.open(owner: alice, node: "n", state: 1, now: 0, using: &random)
        let second = sessions.open(owner: alice, node: "n", state: 2, now: 0, using: &random)
        #expect(try sessions.take(first, owner: alice, node: "n", now: 99) == 1)
        #expect(throws: CommandError.sessionExpired) { try sessions.take(second, owner: alice, node: "n", now: 100) }
        #expect(throws: CommandError.badSessionID) { try sessions.take(second, owner: alice, node: "n", now: 100) }
    }

    @Test mutating func anExpiredSessionIsForgottenALifetimeLater() {
        var sessions = CommandSessions<Int>(lifetime: 100)
        let id = sessions.open(owner: alice, node: "n", state: 1, now: 0, using: &random)
        _ = sessions.open(owner: bob, node: "n", state: 1, now: 199, using: &random)
        #expect(sessions.count == 2)
        _ = sessions.open(owner: bob, node: "n", state: 1, now: 200, using: &random)
        #expect(sessions.count == 2)
        #expect(throws: CommandError.badSessionID) { try sessions.take(id, owner: alice, node: "n", now: 200) }
    }

    @Test mutating func anotherSessionOfAUserEndsTheOldest() throws {
        var sessions = CommandSessions<Int>(perUser: 2)
        let other = sessions.open(owner: bob, node: "n", state: 0, now: 0, using: &random)
        // All resources of a user count together.
        let ids = try (1...3).map { number in
            sessions.open(owner: try JID("alice@a.example/\(number)"), node: "n", state: number, now: 0, using: &random)
        }
        #expect(sessions.count == 3)
        for (number, id) in zip(1...3, ids) {
            let owner = try JID("alice@a.example/\(number)")
            #expect((try? sessions.take(id, owner: owner, node: "n", now: 1)) == (number == 1 ? nil : number))
        }
        #expect(try sessions.take(other, owner: bob, node: "n", now: 1) == 0)
    }

    @Test mutating func anotherSessionBeyondTheTotalEndsTheOldest() throws {
        var sessions = CommandSessions<Int>(total: 10)
        var ids: [String] = []
        for number in 0..<25 {
            let owner = try JID("u\(number)@a.example/x")
            ids.append(sessions.open(owner: owner, node: "n", state: number, now: Int64(number), using: &random))
            #expect(sessions.count <= 10)
        }
        for number in 0..<25 {
            let owner = try JID("u\(number)@a.example/x")
            #expect((try? sessions.take(ids[number], owner: owner, node: "n", now: 30)) == (number < 15 ? nil : number))
        }
    }

    @Test mutating func aTakenSessionMakesRoom() throws {
        var sessions = CommandSessions<Int>(perUser: 2)
        let first = sessions.open(owner: alice, node: "n", state: 1, now: 0, using: &random)
        let second = sessions.open(owner: alice, node: "n", state: 2, now: 0, using: &random)
        _ = try sessions.take(second, owner: alice, node: "n", now: 1)
        _ = sessions.open(owner: alice, node: "n", state: 3, now: 1, using: &random)
        #expect(try sessions.take(first, owner: alice, node: "n", now: 1) == 1)
    }

    @Test mutating func aSessionGoesOnUnderItsName() throws {
        var sessions = CommandSessions<Int>(perUser: 2)
        var id = sessions.open(owner: alice, node: "n", state: 0, now: 0, using: &random)
        let other = sessions.open(owner: alice, node: "n", state: 9, now: 0, using: &random)
        for stage in 1...5 {
            #expect(try sessions.take(id, owner: alice, node: "n", now: 1) == stage - 1)
            let next = sessions.open(owner: alice, node: "n", state: stage, now: 1, using: &random, identifier: id)
            #expect(next == id)
            id = next
        }
        #expect(sessions.count == 2)
        #expect(try sessions.take(other, owner: alice, node: "n", now: 1) == 9)
    }

    @Test mutating func boundsAreAtLeastOneAndTimesDoNotOverflow() throws {
        var sessions = CommandSessions<Int>(lifetime: .max, perUser: 0, total: -5)
        let id = sessions.open(owner: alice, node: "n", state: 1, now: .max, using: &random)
        _ = sessions.open(owner: bob, node: "n", state: 1, now: .min, using: &random)
        #expect(sessions.count == 1)
        #expect(throws: CommandError.badSessionID) { try sessions.take(id, owner: alice, node: "n", now: 0) }
    }

    @Test mutating func identifiersAre96BitsInHexadecimal() {
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let id = CommandSessions<Int>.identifier(using: &random)
            #expect(id.utf8.count == 24 && id.allSatisfy { $0.isHexDigit && !$0.isUppercase })
            seen.insert(id)
        }
        #expect(seen.count == 1000)
        var zeros = Zeros()
        #expect(CommandSessions<Int>.identifier(using: &zeros) == String(repeating: "0", count: 24))
    }

    private struct Zeros: RandomNumberGenerator {
        func next() -> UInt64 { 0 }
    }
}
