import Foundation

@testable import Invites
@testable import Storage

/// An input is what modules, servers, operators and the clock do, four characters each: what, and with which invite, attempt and
/// name; `r1ab` reserves a use of the first invite for the attempt `a` and the name `b`.
struct RedemptionsTarget: FuzzTarget {
    static let name = "redemptions"
    static let holds =
        "no use is made twice, a name has one holder, what is confirmed stays, what is repeated counts once"
    static let flags = ["-max_len=400"]

    private static let mostSteps = 60
    /// In memory where there is room for that: each step is synchronised.
    private static let directory =
        (access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : NSTemporaryDirectory()) + "invited-redemptions-\(getpid())"
    private static let hosts = HostNumber()

    private let databases: InviteDatabases

    init() {
        atexit { try? FileManager.default.removeItem(atPath: RedemptionsTarget.directory) }
        databases = expectNoError("no databases") {
            try InviteDatabases(directory: Self.directory, maximumOpen: 4, writers: 1, report: { _ in })
        }
    }

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        let steps = stride(from: 0, to: bytes.count, by: 4).prefix(Self.mostSteps)
            .map { Step(Array(bytes[$0..<min($0 + 4, bytes.count)])) }
        // A database of its own, so that an input finds what it finds wherever it runs.
        let host = "h\(Self.hosts.next()).example"
        let repository = databases.repository(of: host)
        waiting {
            var history = History(repository)
            await history.begin()
            for step in steps { await history.take(step) }
            await repository.close()
        }
        for suffix in ["", "-wal", "-shm"] {
            unlink("\(Self.directory)/hosts/\(host).sqlite3\(suffix)")
        }
    }
}

/// Counts hosts.
private final class HostNumber: Sendable {
    private let lock = NSLock()
    // Only under the lock.
    nonisolated(unsafe) private var last = 0

    func next() -> Int {
        lock.withLock {
            last += 1
            return last
        }
    }
}

/// One thing that happens.
private struct Step: Sendable {
    let what: UInt8
    let invite: Int
    let attempt: String
    let username: String

    init(_ bytes: [UInt8]) {
        func part(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        what = part(0)
        invite = Int(part(1) % 6)
        attempt = "attempt-of-stream-\(part(2) % 5)"
        username = "name\(part(3) % 4)"
    }
}

/// What has happened on a host, and the invariants that must hold afterwards.
private struct History {
    private let repository: any InviteRepository
    private var now: Int64 = 10_000
    /// Invites that were reported to have made more accounts than they allow.
    private var overused: Set<Int64> = []
    /// The account of each redemption that was confirmed, by number.
    private var confirmed: [Int64: String?] = [:]

    init(_ repository: any InviteRepository) { self.repository = repository }

    private var time: Timestamp { Timestamp(millisecondsSinceEpoch: now) }
    private var terms: RedemptionTerms { RedemptionTerms(now: time, notifiesInviter: true) }

    /// Of each kind one, and an invite of three uses; there is none with the number 0.
    mutating func begin() async {
        let inviter = Account(localpart: "name0", domain: repository.host)
        let kinds: [(InviteKind, String?, Int)] = [
            (.accountAndContact, nil, 1), (.account, nil, 3), (.account, "name1", 1), (.reset, "name2", 1),
            (.contact, nil, 1),
        ]
        let invites = kinds.enumerated().compactMap { number, invite in
            Self.token(number + 1).map {
                NewInvite(
                    Invite(
                        token: $0, kind: invite.0, inviter: inviter, username: invite.1,
                        uses: InviteUses(total: invite.2), createdAt: Timestamp(millisecondsSinceEpoch: 1_000),
                        expiresAt: Timestamp(millisecondsSinceEpoch: 400_000)))
            }
        }
        expect(invites.count == kinds.count, "no tokens")
        do { _ = try await repository.add(invites) } catch { fail("not added: \(error)") }
    }

    mutating func take(_ step: Step) async {
        do throws(StoreError) {
            switch step.what {
            case UInt8(ascii: "l"): now += Int64(step.invite) * 20_000 + 1
            case UInt8(ascii: "p"): try await answer(.present)
            case UInt8(ascii: "a"): try await answer(.absent)
            case UInt8(ascii: "u"): try await answer(.unknown)
            case UInt8(ascii: "d"): try await finishTasks()
            case UInt8(ascii: "k"): await repository.close()
            case UInt8(ascii: "x"):
                _ = try await repository.revoke([Int64(step.invite)], Revocation(at: time, by: "fuzz"))
            case UInt8(ascii: "o"):
                _ = try await repository.release(reservationsOf: Int64(step.invite), reason: "fuzz", at: time)
            case UInt8(ascii: "f"): try await forget(step.username)
            default:
                guard let request = Self.request(step) else { return }
                try await redeem(request)
            }
            try await check()
        } catch {
            fail("\(step): \(error)")
        }
    }

    private static func token(_ number: Int) -> Token? { Token(String(repeating: "t", count: 21) + String(number)) }

    private static func request(_ step: Step) -> RedemptionRequest? {
        guard let token = token(step.invite) else { return nil }
        // Checked just before it expires.
        let checked = Timestamp(millisecondsSinceEpoch: 399_999)
        let reservation = Reservation(
            token: token, attempt: step.attempt, username: step.username, way: .stream, checkedAt: nil)
        switch step.what {
        case UInt8(ascii: "r"): return .reserve(reservation)
        case UInt8(ascii: "R"):
            return .reserve(
                Reservation(
                    token: token, attempt: step.attempt, username: step.username, way: .form, checkedAt: checked))
        case UInt8(ascii: "c"):
            return .confirm(
                Confirmation(token: token, attempt: step.attempt, username: step.username, way: .stream))
        case UInt8(ascii: "e"): return .release(attempt: step.attempt, reason: "fuzz")
        case UInt8(ascii: "s"): return .spend(reservation)
        case UInt8(ascii: "b"):
            return .subscribe(
                ContactRequest(
                    token: token, user: "name0", contact: Account(localpart: step.username, domain: "elsewhere.example")
                ))
        default: return nil
        }
    }

    /// Twice, as what is repeated because its answer was lost.
    private mutating func redeem(_ request: RedemptionRequest) async throws(StoreError) {
        let first = try await repository.redeem([request], under: terms)
        let second = try await repository.redeem([request], under: terms)
        overused.formUnion(first.overused + second.overused)
        guard let once = first.results.first, let again = second.results.first, first.results.count == 1,
            second.results.count == 1
        else { fail("one request has not one answer") }
        switch (once, again) {
        case (.success(.reserved(let one)), .success(.reserved(let other))):
            expect(one.number == other.number && one.account == other.account, "reserved once more: \(one), \(other)")
        case (.success(.confirmed(let one, _)), .success(.confirmed(let other, let isNew))):
            expect(one.number == other.number && !isNew, "confirmed once more: \(one), \(other)")
        case (.success(.released), .success(.released)), (.failure, .failure): break
        default: fail("\(request) had another answer the second time: \(once), \(again)")
        }
    }

    private mutating func answer(_ answer: AccountAnswer) async throws(StoreError) {
        let due = try await repository.dueWork(at: time, limit: 10)
        let answers = Dictionary(due.questions.map { ($0, answer) }, uniquingKeysWith: { first, _ in first })
        _ = try await repository.record(answers, under: terms)
    }

    private func finishTasks() async throws(StoreError) {
        let due = try await repository.dueWork(at: time, limit: 100)
        let outcomes = Dictionary(
            due.tasks.map { ($0.number, TaskOutcome.done) }, uniquingKeysWith: { first, _ in first })
        try await repository.record(outcomes, at: time)
        let left = try await repository.dueWork(at: time, limit: 100)
        expect(left.tasks.allSatisfy { outcomes[$0.number] == nil }, "done, and due: \(left.tasks)")
    }

    /// Removes its name from the confirmed redemptions, and nothing else.
    private mutating func forget(_ username: String) async throws(StoreError) {
        let account = Account(localpart: username, domain: repository.host)
        _ = try await repository.forget(account, Revocation(at: time, by: "fuzz"))
        for (number, name) in confirmed where name == username { confirmed[number] = .some(nil) }
    }

    private mutating func check() async throws(StoreError) {
        let page = try await repository.redemptions(RedemptionFilter(), after: 0, limit: 5_000)
        let redemptions = page.redemptions
        expect(Set(redemptions.map(\.attempt)).count == redemptions.count, "an attempt has several rows")
        let held = redemptions.filter { $0.isReserved && $0.kind == .register }.compactMap(\.account)
        expect(Set(held).count == held.count, "a name is held twice: \(held)")
        let invites = try await repository.page(InviteFilter(), after: 0, through: .max, limit: 100).invites
        for stored in invites {
            let own = redemptions.filter { $0.invite == stored.number }
            let uses = stored.invite.uses
            let isConfirmed = own.filter { if case .confirmed = $0.state { true } else { false } }
            expect(uses.reserved == own.count(where: \.isReserved), "reserved is counted wrong: \(stored), \(own)")
            expect(uses.confirmed == isConfirmed.count, "confirmed is counted wrong: \(stored), \(own)")
            expect(
                uses.confirmed <= uses.total || overused.contains(stored.number), "used too often: \(stored), \(own)")
        }
        let isConfirmed = redemptions.filter { if case .confirmed = $0.state { true } else { false } }
        let names = Dictionary(isConfirmed.map { ($0.number, $0.account) }, uniquingKeysWith: { first, _ in first })
        for (number, name) in confirmed {
            expect(names[number] != nil, "no longer confirmed: \(number)")
            expect(
                (names[number] ?? nil) == name,
                "\(number) is of \(String(describing: names[number])), not \(name ?? "")")
        }
        confirmed = names
    }
}
