internal import Glibc
internal import Runtime
internal import Shell

/// Reads the journal from its newest entry to its oldest, in as much memory as a line and the chunk around it take.
///
/// It sees what was there when it was made: files that are written to or removed meanwhile do not confuse it.
struct JournalCursor: Sendable {
    private var file: OpenFile?
    /// Everything before is still to be read.
    private var position: Int
    /// Paths of the files before this one, the newest first.
    private var older: ArraySlice<String>
    /// The end of a line whose beginning has not been read.
    private var tail: [UInt8] = []
    /// Whether the line that is being read is too long to be one.
    private var isTailTooLong = false
    /// How commands ended whose beginnings are not read yet, with their numbers in the order in which they were found.
    private var ends: [Int64: JournalLine.End] = [:]
    private var endOrder: [Int64] = []
    private let running: Set<Int64>
    /// Lines that are none.
    private(set) var damagedLines = 0
    /// Paths where something else is than a regular file.
    private(set) var damagedFiles: [String] = []

    /// Small, since a search holds the entries of a chunk while they are not read.
    private static let chunkSize = 16 << 10
    /// So many commands never run at a time; more are ends whose beginnings are damaged or were dropped.
    private static let mostEnds = 4096

    init(file: OpenFile?, size: Int, older: [String], running: Set<Int64>) {
        self.file = file
        position = size
        self.older = older[...]
        self.running = running
    }

    /// Some further entries, or none, since files hold other lines, too; `nil` when there are no more.
    mutating func next() throws(JournalProblem) -> [JournalEntry]? {
        guard let lines = try nextLines() else { return nil }
        var entries: [JournalEntry] = []
        for line in lines {
            switch line {
            case .end(let end): remember(end)
            case .begin(let begin):
                let end = ends.removeValue(forKey: begin.number)
                entries.append(JournalEntry(begin, end, isRunning: running.contains(begin.number)))
            }
        }
        return entries
    }

    /// Reads no further.
    mutating func finish() {
        position = 0
        older = []
    }

    /// The highest number there is, 0 when there is none.
    mutating func lastNumber() throws(JournalProblem) -> Int64 {
        var last: Int64 = 0
        while let lines = try nextLines() {
            last = max(last, lines.map(\.number).max() ?? 0)
            // Commands begin in the order of their numbers, but end in any.
            if lines.contains(where: { if case .begin = $0 { true } else { false } }) { break }
        }
        return last
    }

    private mutating func remember(_ end: JournalLine.End) {
        if ends.updateValue(end, forKey: end.number) == nil { endOrder.append(end.number) }
        guard endOrder.count > 2 * Self.mostEnds else { return }
        // Most in the order have met their beginnings by now.
        endOrder.removeAll { ends[$0] == nil }
        let surplus = endOrder.prefix(max(0, endOrder.count - Self.mostEnds))
        for number in surplus { ends[number] = nil }
        endOrder.removeFirst(surplus.count)
    }

    /// The lines of the next chunk, the newest first.
    private mutating func nextLines() throws(JournalProblem) -> [JournalLine]? {
        while file == nil || position == 0 {
            guard let path = older.popFirst() else { return nil }
            file = nil
            position = 0
            do throws(FileError) {
                let next = try OpenFile(path, O_RDONLY)
                position = Int(try next.status().st_size)
                file = next
            } catch {
                switch error {
                case .notRegular: damagedFiles.append(path)
                // It was dropped meanwhile, being the oldest.
                case .system(ENOENT, _): break
                default: throw JournalProblem(error, path)
                }
            }
        }
        guard let file else { return nil }
        let count = min(position, Self.chunkSize)
        position -= count
        let bytes: [UInt8]
        do throws(FileError) { bytes = try file.read(count, at: position) } catch {
            throw JournalProblem(error, "the journal")
        }
        var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var lines: [JournalLine] = []
        // The last part continues in the chunk that was read before; the first may begin in one that is read next.
        while let part = parts.popLast() {
            prepend(part)
            if !parts.isEmpty || position == 0 { take(&lines) }
        }
        return lines
    }

    private mutating func prepend(_ part: ArraySlice<UInt8>) {
        if tail.count + part.count > JournalLine.longest {
            isTailTooLong = true
            tail = []
        }
        if !isTailTooLong { tail = part + tail }
    }

    private mutating func take(_ lines: inout [JournalLine]) {
        defer {
            tail = []
            isTailTooLong = false
        }
        if tail.isEmpty, !isTailTooLong { return }
        if let json = try? JSON(reading: tail), let line = JournalLine(json) {
            lines.append(line)
        } else {
            damagedLines += 1
        }
    }
}
