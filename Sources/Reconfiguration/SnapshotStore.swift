internal import Configuration
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Logging
internal import Runtime
internal import Supervision
internal import Synchronization

/// The configurations that ran, `STATE/configuration/NNNNNN.jsonl`, and `record.json`, what a restart has to know.
///
/// All writing is done in order on a queue of its own, so that callers wait for the disk only where they must.
final class SnapshotStore: Sendable {
    /// How many snapshots are stored.
    static let capacity = 20
    private static let recordName = "record.json"
    private static let suffix = ".jsonl"
    /// Ten thousand hosts are 3 MB.
    private static let largestFile = 268_435_456

    private struct State {
        var headers: [Int: ConfigurationSnapshot.Header] = [:]
        /// Those of which more than the header was seen to be good.
        var whole: Set<Int> = []
        /// What is to be written next: all snapshots, since each may be restored, and the latest record.
        var next: (snapshots: [ConfigurationSnapshot], record: ConfigurationTransaction.Record, needed: Set<Int>)?
        /// What is being written.
        var writing: [ConfigurationSnapshot.Header] = []
    }

    /// How many snapshots may wait for a slow disk.
    private static let mostWaiting = 8

    private let directory: String
    private let hostsDirectory: String
    private let logger: Logger
    /// Called on the queue before each file is written, for tests of disks that do not answer.
    private let willWrite: @Sendable (_ path: String) -> Void
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "configuration snapshots")

    /// - Parameter hostsDirectory: That of the hosts' files, below which are the files that snapshots name.
    init(
        directory: String, hostsDirectory: String = "", logger: Logger,
        willWrite: @escaping @Sendable (_ path: String) -> Void = { _ in }
    ) {
        self.directory = directory
        self.hostsDirectory = hostsDirectory
        self.logger = logger
        self.willWrite = willWrite
    }

    /// Reads the directory, on the caller's thread. What is damaged is logged and left out.
    func open() -> ConfigurationTransaction.Record? {
        do throws(FileError) {
            try Directory.make(directory)
        } catch {
            warn("make the directory", directory, "\(error)")
            return nil
        }
        for name in (try? Directory.names(in: directory)) ?? [] {
            // What was being written when the daemon was killed.
            if name.hasPrefix("."), name.hasSuffix(DurableFile.unfinished) { unlink("\(directory)/\(name)") }
            guard name.hasSuffix(Self.suffix), let number = Int(name.dropLast(Self.suffix.count)) else { continue }
            do {
                let start = try DurableFile.read("\(directory)/\(name)", limit: 4096, isWhole: false)
                let header = try ConfigurationSnapshot.header(reading: start)
                guard header.number == number, name == Self.name(of: number) else {
                    throw ConfigurationSnapshot.Damage("its name is another's")
                }
                state.withLock { $0.headers[number] = header }
            } catch {
                warn("read the snapshot", name, "\(error)")
            }
        }
        do {
            let bytes = try DurableFile.read("\(directory)/\(Self.recordName)", limit: 65_536, isWhole: true)
            let record = try JSONDecoder().decode(ConfigurationTransaction.Record.self, from: Data(bytes))
            guard record.isSound else { throw ConfigurationSnapshot.Damage("it has numbers that are never given") }
            return record
        } catch let error as FileError where error.code == ENOENT {
            return nil
        } catch {
            logger.error(
                "cannot tell whether the files were undone or never confirmed, so they run",
                metadata: ["name": "\(Self.recordName)", "reason": "\(error)"])
            return nil
        }
    }

    /// The snapshots that are on the disk, or on their way there, ordered by number.
    var headers: [ConfigurationSnapshot.Header] {
        state.withLock { state in
            var headers = state.headers
            let coming = state.writing + (state.next?.snapshots.map(\.header) ?? [])
            for header in coming { headers[header.number] = header }
            return headers.values.sorted { $0.number < $1.number }
        }
    }

    // MARK: Reading

    /// Reads a snapshot on the caller's thread.
    func readNow(_ number: Int) throws(ConfigurationRefusal) -> ConfigurationSnapshot {
        do {
            var snapshot = try ConfigurationSnapshot(
                reading: DurableFile.read(path(of: number), limit: Self.largestFile, isWhole: true))
            for mistake in snapshot.readNamedFiles(in: hostsDirectory) {
                warn("use a file of the snapshot", "\(number)", "\(mistake)")
            }
            state.withLock { _ = $0.whole.insert(number) }
            return snapshot
        } catch {
            warn("read the snapshot", "\(number)", "\(error)")
            throw .io("snapshot \(number) cannot be read: \(error)")
        }
    }

    /// Reads a snapshot, after all that was to be written.
    func read(_ number: Int) async throws(ConfigurationRefusal) -> ConfigurationSnapshot {
        try await onQueue { Result { () throws(ConfigurationRefusal) in try self.readNow(number) } }.get()
    }

    // MARK: Writing

    /// Writes a snapshot, unless there is none, and the record some time later. When too many wait, the oldest is
    /// dropped.
    func writeLater(
        _ snapshot: ConfigurationSnapshot?, _ record: ConfigurationTransaction.Record, needed: Set<Int>
    ) {
        let (isFirst, dropped) = state.withLock { state in
            let isFirst = state.next == nil
            var waiting = state.next?.snapshots ?? []
            if let snapshot { waiting.append(snapshot) }
            let dropped = waiting.count > Self.mostWaiting ? waiting.removeFirst().header.number : nil
            state.next = (waiting, record, needed)
            return (isFirst, dropped)
        }
        if let dropped { warn("keep the snapshot", "\(dropped)", "too many others came before it was written") }
        if isFirst { queue.async { self.writeNext() } }
    }

    private func writeNext() {
        guard
            let next = state.withLock({ state in
                defer { state.next = nil }
                state.writing = state.next?.snapshots.map(\.header) ?? []
                return state.next
            })
        else { return }
        defer { state.withLock { $0.writing = [] } }
        do throws(ConfigurationRefusal) {
            for snapshot in next.snapshots { try writeNow(snapshot) }
            try writeNow(next.record)
        } catch {
            return
        }
        removeOld(needed: next.needed)
    }

    /// Writes the record, and the snapshot before it; they are on the disk when this returns.
    func write(
        _ snapshot: ConfigurationSnapshot?, _ record: ConfigurationTransaction.Record
    ) async throws(ConfigurationRefusal) {
        try await onQueue {
            Result { () throws(ConfigurationRefusal) in
                if let snapshot { try self.writeNow(snapshot) }
                try self.writeNow(record)
            }
        }.get()
    }

    /// Whether a snapshot is on the disk, and could be restored, once all that was to be written is.
    func has(_ number: Int) async -> Bool {
        await onQueue {
            let (isThere, isWhole) = self.state.withLock { ($0.headers[number] != nil, $0.whole.contains(number)) }
            return isThere && (isWhole || (try? self.readNow(number)) != nil)
        }
    }

    /// Writes the record on the caller's thread.
    func writeNow(_ record: ConfigurationTransaction.Record) throws(ConfigurationRefusal) {
        do {
            try writeFile(Self.recordName, Array(JSONEncoder().encode(record)))
        } catch {
            warn("write", Self.recordName, "\(error)")
            throw .io("\(directory)/\(Self.recordName) cannot be written: \(error)")
        }
    }

    private func writeNow(_ snapshot: ConfigurationSnapshot) throws(ConfigurationRefusal) {
        let number = snapshot.header.number
        do {
            try writeFile(Self.name(of: number), snapshot.bytes)
        } catch {
            warn("write the snapshot", "\(number)", "\(error)")
            throw .io("\(path(of: number)) cannot be written: \(error)")
        }
        state.withLock { state in
            state.headers[number] = snapshot.header
            state.whole.insert(number)
        }
    }

    private func writeFile(_ name: String, _ bytes: [UInt8]) throws {
        willWrite("\(directory)/\(name)")
        try DurableFile.write(bytes, to: name, in: directory)
    }

    private func removeOld(needed: Set<Int>) {
        let old = state.withLock { state in
            let old = state.headers.keys.sorted().dropLast(Self.capacity).filter { !needed.contains($0) }
            for number in old { state.headers[number] = nil }
            state.whole.subtract(old)
            return old
        }
        for number in old { unlink(path(of: number)) }
    }

    /// Returns once all that was to be written has been tried.
    func finish() async {
        await onQueue {}
    }

    // MARK: Helpers

    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }

    private static func name(of number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + suffix
    }

    private func path(of number: Int) -> String { "\(directory)/\(Self.name(of: number))" }

    private func warn(_ attempt: String, _ what: String, _ reason: String) {
        logger.warning("cannot \(attempt)", metadata: ["name": "\(what)", "reason": "\(reason)"])
    }
}
