import Foundation
import Invites
import Synchronization

@testable import Storage

/// A state directory of its own for one test, removed afterwards.
struct StateFixture {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("invited-storage-\(UUID().uuidString)").path

    /// Runs `body` with freshly opened databases, and shuts them down.
    static func run(
        maximumOpen: Int = 8, writers: Int = 2, _ body: (InviteDatabases, StateFixture) async throws -> Void
    ) async throws {
        let fixture = StateFixture()
        defer { fixture.remove() }
        try await fixture.open(maximumOpen: maximumOpen, writers: writers) { try await body($0, fixture) }
    }

    /// Opens the databases in the directory as a new process would.
    func open<Value>(
        maximumOpen: Int = 8, writers: Int = 2, _ body: (InviteDatabases) async throws -> Value
    ) async throws -> Value {
        let databases = try InviteDatabases(directory: directory, maximumOpen: maximumOpen, writers: writers)
        do {
            let value = try await body(databases)
            await databases.shutdown()
            return value
        } catch {
            await databases.shutdown()
            throw error
        }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }

    func file(of host: String) -> String { "\(directory)/hosts/\(host).sqlite3" }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Puts `bytes` where the database of `host` is to be.
    func write(_ bytes: Data, asDatabaseOf host: String) throws {
        try FileManager.default.createDirectory(atPath: "\(directory)/hosts", withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: file(of: host)))
    }
}

extension Invite {
    /// An invite with a token of `number` that expires at `expiry` milliseconds.
    static func sample(_ number: Int, expiry: Int64 = 1_000_000) -> Invite {
        let digits = String(number)
        guard let token = Token(String(repeating: "0", count: 22 - digits.count) + digits) else {
            fatalError("a test's number has 22 digits at most")
        }
        return Invite(
            token: token, kind: InviteKind.allCases[number % 3], action: InviteAction.allCases[number % 2],
            inviter: Account(localpart: "alice\(number % 5)", domain: "example.com"),
            username: number % 4 == 0 ? "juliet\(number)" : nil, createdAt: Timestamp(millisecondsSinceEpoch: 1_000),
            expiresAt: Timestamp(millisecondsSinceEpoch: expiry))
    }
}

extension InviteStore {
    /// Returns when `rows` rows wait for their turn.
    func waitUntilWaiting(rows: Int) async {
        while waitingRows < rows { await Task.yield() }
    }
}

/// A door that jobs wait at until the test opens it, so that tests decide when a writer thread is busy.
final class Gate: Sendable {
    private let door = DispatchSemaphore(value: 0)
    private let reached = DispatchSemaphore(value: 0)

    /// Blocks the calling thread until ``open()``.
    func pass() {
        reached.signal()
        door.wait()
        door.signal()
    }

    func open() { door.signal() }

    /// Returns when a thread waits at the door.
    func waitUntilReached() async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                self.reached.wait()
                continuation.resume()
            }
        }
    }
}

/// What happened, in its order.
final class Journal: Sendable {
    private let entries = Mutex<[String]>([])

    func note(_ entry: String) { entries.withLock { $0.append(entry) } }

    var notes: [String] { entries.withLock { $0 } }
}
