internal import Configuration
internal import Invites
internal import Supervision

/// What runs, what waits to be confirmed and what was undone, as a pure state machine: each function returns what has
/// to be stored, and ``commit(_:)`` applies it once that is done.
///
/// Snapshots are identified by their numbers, files by their fingerprints.
struct ConfigurationTransaction: Sendable {
    /// What a restart has to know. Without one, the daemon starts with what the files say.
    struct Record: Hashable, Codable, Sendable {
        /// The snapshot that runs.
        var running: Int
        /// The change that undoes itself unless it is confirmed.
        var pending: Pending?
        /// The files that were undone. As long as they are so, the daemon starts with the snapshot instead.
        var rejected: String?

        /// The snapshot that ran last without a doubt about it.
        var lastGood: Int { pending?.back ?? running }

        /// Whether the numbers in it are some that are given, and not what a damaged disk holds.
        var isSound: Bool {
            ConfigurationSnapshot.numbers.contains(running)
                && pending.map { ConfigurationSnapshot.numbers.contains($0.back) } ?? true
        }
    }

    struct Pending: Hashable, Codable, Sendable {
        /// The snapshot that an undo restores.
        let back: Int
        /// Milliseconds since 1970.
        let deadline: Int64
    }

    /// The next state of the machine.
    struct Move: Hashable, Sendable {
        let record: Record
        /// Whether the record has to be on the disk before anything changes: otherwise a power cut now would lead to a
        /// wrong state at the restart.
        let isDurableFirst: Bool
        fileprivate let latest: Int
    }

    private(set) var record: Record
    /// The highest number that was given.
    private(set) var latest: Int
    /// How often a configuration was put in force, or was confirmed, since the start.
    private(set) var generation = 0

    init(record: Record, latest: Int) {
        self.record = record
        self.latest = max(latest, record.running)
    }

    mutating func commit(_ move: Move) {
        // Where nothing differs from before, plans that were made before are still valid.
        if move.record != record { generation += 1 }
        record = move.record
        latest = move.latest
    }

    // MARK: At the start

    enum Start: Hashable, Sendable {
        /// Run what the files say.
        case files
        /// Run the snapshot, since the files were undone or never confirmed.
        case snapshot(Int)
    }

    /// Decides what to run after a start.
    ///
    /// - Parameters:
    ///   - files: The fingerprint of the files.
    ///   - kept: The fingerprints of the files that the stored snapshots were made from, by number.
    static func start(_ record: Record?, files: String, kept: [Int: String]) -> Start {
        guard let record else { return .files }
        if let pending = record.pending {
            return kept[pending.back] == files ? .files : .snapshot(pending.back)
        }
        return record.rejected == files ? .snapshot(record.running) : .files
    }

    /// The machine after a start.
    ///
    /// - Parameter start: What runs: other than decided if the snapshot turned out not to be readable.
    /// - Returns: Also whether what the files say is a snapshot yet to be stored, with the number in the record.
    static func started(
        _ start: Start, files: String, kept: [Int: String], previous: Record?
    ) -> (transaction: ConfigurationTransaction, isNew: Bool) {
        let latest = max(kept.keys.max() ?? 0, previous?.running ?? 0, previous?.pending?.back ?? 0)
        switch start {
        case .snapshot(let number):
            return (.init(record: Record(running: number, rejected: files), latest: latest), false)
        case .files:
            let same = kept.filter { $0.value == files }.keys
            if let number = previous.flatMap({ same.contains($0.running) ? $0.running : nil }) ?? same.max() {
                return (.init(record: Record(running: number), latest: latest), false)
            }
            return (.init(record: Record(running: latest + 1), latest: latest + 1), true)
        }
    }

    // MARK: While it runs

    /// Takes the files.
    ///
    /// - Parameters:
    ///   - isSame: Whether they say what runs already.
    ///   - deadline: When it undoes itself, if it is to.
    /// - Throws: ``ConfigurationRefusal/pending(until:)``.
    func applying(isSame: Bool, confirmedBy deadline: Timestamp?) throws(ConfigurationRefusal) -> Move {
        try checkIdle()
        let number = isSame ? record.running : latest + 1
        var next = Record(running: number)
        if let deadline, !isSame {
            next.pending = Pending(back: record.running, deadline: deadline.millisecondsSinceEpoch)
            next.rejected = record.rejected
        }
        return Move(
            record: next, isDurableFirst: next.pending != nil || record.rejected != nil, latest: max(latest, number))
    }

    /// Confirms what waits for it.
    ///
    /// - Throws: ``ConfigurationRefusal/nothing(_:)``.
    func confirming() throws(ConfigurationRefusal) -> Move {
        guard record.pending != nil else { throw .nothing("no change waits to be confirmed") }
        return Move(record: Record(running: record.running), isDurableFirst: true, latest: latest)
    }

    /// Restores a snapshot.
    ///
    /// - Parameters:
    ///   - number: Which; `nil` for the one before what waits to be confirmed, or before what runs.
    ///   - before: What ran before what runs, which need not have the number before: that may have been undone.
    ///   - kept: The numbers of the snapshots that there are.
    ///   - files: The fingerprint of the files that run; `nil` when a snapshot does.
    /// - Throws: ``ConfigurationRefusal/nothing(_:)``.
    func undoing(
        to number: Int?, before: Int?, among kept: some Sequence<Int>, files: String?
    ) throws(ConfigurationRefusal) -> Move {
        let target: Int
        if let number {
            guard kept.contains(number) else { throw .nothing("there is no snapshot \(number)") }
            guard number != record.running else { throw .nothing("snapshot \(number) is what runs") }
            target = number
        } else if let pending = record.pending {
            target = pending.back
        } else if let before, kept.contains(before), before != record.running {
            target = before
        } else {
            throw .nothing("there is no snapshot of what ran before \(record.running)")
        }
        // Not first: an undo must not fail because of a disk, and what a restart would run otherwise ran before as
        // well.
        return Move(
            record: Record(running: target, rejected: files ?? record.rejected), isDurableFirst: false, latest: latest)
    }

    /// When the change that waits undoes itself.
    var deadline: Timestamp? { record.pending.map { Timestamp(millisecondsSinceEpoch: $0.deadline) } }

    /// The snapshots that must not be removed.
    var needed: Set<Int> { Set([record.running] + (record.pending.map { [$0.back] } ?? [])) }

    func checkIdle() throws(ConfigurationRefusal) {
        if let deadline { throw .pending(until: deadline) }
    }
}
