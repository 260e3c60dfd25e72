internal import Configuration
internal import Logging
internal import Runtime
internal import Supervision

/// What the daemon starts with: what the files say, or a snapshot where they were undone or never confirmed.
struct ConfigurationStart {
    let base: BaseLayer
    let transaction: ConfigurationTransaction
    let header: ConfigurationSnapshot.Header
    /// The hosts that ran before the start, as it was in force; `nil` where the same run now, and where that is not known.
    let hostsBefore: [String: HostConfiguration]?

    /// Reads what was stored, and writes what was decided, on the caller's thread.
    init(_ loaded: LoadedConfiguration, _ snapshots: SnapshotStore, _ dependencies: Dependencies) {
        let read = FilesRead(loaded)
        let files = read.fingerprint.description
        var previous = snapshots.open()
        if let rejected = previous?.rejected, rejected == Fingerprint.ofFirstVersion(loaded).description {
            previous?.rejected = files
        }
        let headers = Dictionary(snapshots.headers.map { ($0.number, $0) }) { $1 }
        let kept = headers.mapValues(\.files.description)
        var start = ConfigurationTransaction.start(previous, files: files, kept: kept)
        var old: ConfigurationSnapshot?
        if case .snapshot(let number) = start {
            do throws(ConfigurationRefusal) {
                old = try snapshots.readNow(number)
            } catch {
                dependencies.logger.critical(
                    "cannot go back to the snapshot, so what the files say runs",
                    metadata: ["snapshot": "\(number)", "reason": "\(error)"])
                start = .files
            }
        }
        let (transaction, isNew) = ConfigurationTransaction.started(
            start, files: files, kept: kept, previous: previous)
        self.transaction = transaction
        base = old.map { BaseLayer($0) } ?? BaseLayer(read)
        let snapshot = ConfigurationSnapshot(
            number: transaction.record.running,
            before: previous.map(\.lastGood).flatMap { headers[$0]?.number } ?? headers.keys.max(),
            time: dependencies.now(), by: "start", files: base.files, hosts: base.hosts,
            shell: base.shell, http: base.http)
        // Only where something else is to run: with many hosts, reading what ran takes a while.
        if old == nil, let last = previous?.lastGood, last != transaction.record.running, headers[last] != nil {
            hostsBefore = (try? snapshots.readNow(last))?.hosts
        } else {
            hostsBefore = nil
        }
        header = old?.header ?? headers[transaction.record.running] ?? snapshot.header
        guard isNew || transaction.record != previous else { return }
        if previous?.pending != nil {
            // What the next start does must not depend on how far this one gets.
            try? snapshots.writeNow(transaction.record)
        }
        let needed = transaction.needed.union(header.before.map { [$0] } ?? [])
        snapshots.writeLater(isNew ? snapshot : nil, transaction.record, needed: needed)
    }

    /// What hosts have lost since what ran before, with settings on both that were changed at run time and still hold.
    func losses(with overrides: [String: SettingOverrides]) -> ConfigurationLosses {
        guard let hostsBefore else { return ConfigurationDiff(from: [:], to: [:]).losses }
        return ConfigurationDiff(from: hostsBefore.applying(overrides), to: base.hosts(with: overrides)).losses
    }
}
