import Foundation
import NIOCore

/// What any such daemon must at least do: parse the bytes of the requests and commit their rows, and nothing between.
struct Floor {
    private let template: StoreTemplate
    private let hosts: [String]
    private let window: Int

    /// - Parameter window: how many requests are parsed at a time. Their rows are committed in one transaction for each
    ///   database that they fall on: all of them on one host, `window / hosts` on each of several.
    init(template: StoreTemplate, hosts: [String], window: Int) {
        self.template = template
        self.hosts = hosts
        self.window = window
    }

    /// Rows a second, on this thread alone.
    func measure(in directory: URL, duration: Duration) throws -> Double {
        let files = try hosts.map { try template.create(at: directory.appending(path: "\($0).sqlite")) }
        let inserts = try files.map { try template.insertStatement(in: $0) }
        let parser = try StanzaCounter()
        let requests = DelegatedRequests(hosts: hosts)
        let clock = ContinuousClock()
        let start = clock.now
        var random = SplitMix64(seed: 1)
        var rows = 0
        // The bytes are made once for all hosts in turn, so that making them is not counted.
        let windows = bytesOfWindows(requests)
        while clock.now - start < duration {
            for (first, bytes) in windows {
                try bytes.withUnsafeReadableBytes(parser.parse)
                rows += try commit(first: first, files: files, inserts: inserts, random: &random)
                if clock.now - start >= duration { break }
            }
        }
        return Double(rows) / ((clock.now - start) / .seconds(1))
    }

    /// The bytes of as many windows as it takes to return to the first host.
    private func bytesOfWindows(_ requests: DelegatedRequests) -> [(first: Int, bytes: ByteBuffer)] {
        stride(from: 0, to: max(window, hosts.count), by: window).map { first in
            var bytes = ByteBuffer()
            for number in first..<(first + window) { requests.write(number, into: &bytes) }
            return (first, bytes)
        }
    }

    private func commit(
        first: Int, files: [SQLiteDatabase], inserts: [SQLiteStatement], random: inout some RandomNumberGenerator
    ) throws -> Int {
        let touched = min(window, files.count)
        for offset in 0..<touched {
            let index = (first + offset) % files.count
            try files[index].execute("BEGIN IMMEDIATE")
            for _ in stride(from: offset, to: window, by: files.count) {
                try inserts[index].run(template.row(using: &random))
            }
            try files[index].execute("COMMIT")
        }
        return window
    }
}
