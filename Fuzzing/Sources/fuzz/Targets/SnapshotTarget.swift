import Foundation

@testable import Component
@testable import Configuration
@testable import Daemon
@testable import Invites
@testable import Reconfiguration
@testable import Supervision

/// A file of `STATE/configuration`. One that begins with `record` holds a record behind that line, otherwise a snapshot.
struct SnapshotTarget: FuzzTarget {
    static let name = "snapshot"
    static let holds =
        "a snapshot or a record is refused, or written and read again the same; no number leads to a trap"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        var parts = Input(input)
        if input.starts(with: "record\n".utf8) {
            _ = parts.line()
            checkRecord(parts.bytes())
        } else {
            checkSnapshot(parts.bytes())
        }
    }

    private func checkSnapshot(_ bytes: [UInt8]) {
        let header = try? ConfigurationSnapshot.header(reading: bytes)
        if let whole = try? ConfigurationSnapshot(reading: bytes) {
            expect(header != nil, "it is read, but not its header")
            check(whole)
        }
        // No input guesses a checksum.
        guard let snapshot = try? ConfigurationSnapshot(unchecked: bytes) else { return }
        expect(header != nil, "it is read, but not its header")
        check(snapshot)
    }

    private func check(_ snapshot: ConfigurationSnapshot) {
        let bytes = snapshot.bytes
        let again = expectNoError("\(String(decoding: bytes, as: UTF8.self)) is not read again") {
            try ConfigurationSnapshot(reading: bytes)
        }
        expect(again.hosts == snapshot.hosts, "\(snapshot.hosts) are read again as \(again.hosts)")
        expect(again.shell == snapshot.shell, "\(snapshot.shell) are read again as \(again.shell)")
        expect(again.bytes == bytes, "it is written otherwise again")
        let number = snapshot.header.number
        expect(ConfigurationSnapshot.numbers.contains(number), "it has the number \(number)")
    }

    private func checkRecord(_ bytes: [UInt8]) {
        typealias Record = ConfigurationTransaction.Record
        guard let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)) else { return }
        let again = expectNoError("it is not read again") {
            try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record))
        }
        expect(again == record, "\(record) is read again as \(again)")
        guard record.isSound else { return }
        var kept = [record.running: "a"]
        kept[record.lastGood] = "b"
        for files in ["a", "b", "c", record.rejected ?? ""] {
            let start = ConfigurationTransaction.start(record, files: files, kept: kept)
            var (transaction, _) = ConfigurationTransaction.started(start, files: files, kept: kept, previous: record)
            for deadline in [nil, Timestamp(millisecondsSinceEpoch: .max)] {
                guard let move = try? transaction.applying(isSame: false, confirmedBy: deadline) else { continue }
                transaction.commit(move)
                expect(
                    ConfigurationSnapshot.numbers.contains(move.record.running) || move.record.running > record.running,
                    "the number \(move.record.running) follows \(record)")
            }
        }
    }
}
