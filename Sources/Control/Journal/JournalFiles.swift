internal import Glibc
internal import Runtime
internal import Shell

/// The journal's files, as their only writer sees them: `journal.ndjson`, which grows, and `journal.NUMBER.ndjson`, the
/// ones before it in the order of their numbers. What is written is never changed. All functions may wait for the disk.
struct JournalFiles {
    struct Limits: Hashable, Sendable {
        /// The size in bytes beyond which a file does not grow.
        var fileSize = 4 << 20
        /// How many files are kept besides the one that grows.
        var keptFiles = 16
        /// Bytes that are reserved on the disk beyond the end of that file, for some hundred changes: with them, the
        /// changes that free a full disk can be recorded.
        var reserve = 256 << 10
    }

    private let directory: String
    private let limits: Limits
    /// Held while this process may write.
    private let lock: FileLock
    private var file: OpenFile?
    private var size = 0
    /// Up to where the file has room on the disk, as far as that is known.
    private var reservedEnd = 0
    /// Whether no more than half the reserve is left, and the disk has no room for more.
    private var isRunningOut = false
    /// Whether the file ends within a line.
    private var isTorn = false
    private var keptNumbers: [Int]
    /// The number of the last entry, 0 when there is none.
    private(set) var lastEntry: Int64 = 0

    private static let name = "journal.ndjson"

    /// Makes what is missing, with access for its owner only.
    init(_ directory: String, limits: Limits) throws(JournalProblem) {
        self.directory = directory
        self.limits = limits
        do throws(FileError) { try Directory.make(directory) } catch { throw JournalProblem(error, directory) }
        let path = directory + "/lock"
        do throws(FileError) {
            lock = try .file(path)
        } catch {
            throw JournalProblem(error, error == .taken ? directory : path)
        }
        keptNumbers = try Self.keptNumbers(in: directory)
        try openFile()
        var cursor = cursor(running: [])
        lastEntry = try cursor.lastNumber()
    }

    /// The number of the entry that is written next.
    ///
    /// - Throws: When there is none left, which is so only where a damaged line has the highest number that there is.
    func nextEntry() throws(JournalProblem) -> Int64 {
        guard lastEntry < JournalLine.highest else {
            throw JournalProblem(
                "the last entry in \(directory) has the highest number that there is: remove that line")
        }
        return lastEntry + 1
    }

    /// Reserves the second half of the reserve for operators of all hosts, who can free the disk.
    ///
    /// - Throws: When the disk is full and no more than that half is left.
    mutating func checkRoom() throws(JournalProblem) {
        // The flag is updated by writes only, and there may be room again since the last one.
        fillReserve()
        if isRunningOut {
            throw JournalProblem(
                "the disk is full, and the room that the journal has left is kept for operators of all hosts")
        }
    }

    /// Writes lines, and returns once they are on the disk. What could not be written leaves nothing behind.
    ///
    /// - Returns: How many bytes that took.
    @discardableResult mutating func append(_ lines: [JournalLine]) throws(JournalProblem) -> Int {
        var bytes: [UInt8] = isTorn ? [UInt8(ascii: "\n")] : []
        for line in lines { bytes += line.json.bytes + [UInt8(ascii: "\n")] }
        // The file may have been removed.
        if let file, (try? file.status())?.st_nlink ?? 0 == 0 { self.file = nil }
        if file == nil { try openFile() }
        if size > 0, size + bytes.count > limits.fileSize { try rotate() }
        guard let file else { throw JournalProblem("the journal is not open") }
        do throws(FileError) {
            try file.write(bytes)
            try file.synchronize()
        } catch {
            // Otherwise half a line would remain of a command that did not run. If this fails as well, the next line
            // starts with a line break.
            if (try? file.truncate(to: size)) == nil {
                size = (try? file.status()).map { Int($0.st_size) } ?? size
                isTorn = true
            }
            reservedEnd = size
            fillReserve()
            throw JournalProblem(error, directory)
        }
        size += bytes.count
        isTorn = false
        lastEntry = max(lastEntry, lines.map(\.number).max() ?? 0)
        fillReserve()
        return bytes.count
    }

    /// Reads what is there now, the newest first.
    func cursor(running: Set<Int64>) -> JournalCursor {
        JournalCursor(
            file: file, size: size, older: keptNumbers.reversed().map { Self.path(directory, $0) }, running: running)
    }

    // MARK: Files

    private var path: String { "\(directory)/\(Self.name)" }

    private mutating func openFile() throws(JournalProblem) {
        do throws(FileError) {
            // The directory may have been removed, too.
            try Directory.make(directory)
            let opened = try openGrowingFile()
            // A line is durable only if the way to its file is.
            try Directory.synchronize(directory)
            size = Int(try opened.status().st_size)
            isTorn = size > 0 ? try opened.read(1, at: size - 1) != [UInt8(ascii: "\n")] : false
            reservedEnd = size
            file = opened
        } catch {
            throw JournalProblem(error, path)
        }
        fillReserve()
    }

    private mutating func openGrowingFile() throws(FileError) -> OpenFile {
        let flags = O_CREAT | O_RDWR | O_APPEND
        do throws(FileError) {
            return try OpenFile(path, flags)
        } catch {
            guard error == .notRegular else { throw error }
            // Changes continue without it. Among the rotated files, it is reported to all who read the journal.
            try setAside()
            return try OpenFile(path, flags)
        }
    }

    /// Begins a new file. Where the disk has no room for its reserve, the file grows on, into the reserve that it has.
    private mutating func rotate() throws(JournalProblem) {
        do throws(FileError) {
            guard let next = try makeNextFile() else { return }
            let full = file
            try setAside()
            // After the new file has its own.
            try? full?.truncate(to: size)
            guard rename(nextPath, path) == 0 else { throw .system(errno, "rename the journal to \(path)") }
            try Directory.synchronize(directory)
            (file, size, reservedEnd, isTorn) = (next, 0, limits.reserve, false)
        } catch {
            throw JournalProblem(error, path)
        }
    }

    private var nextPath: String { "\(directory)/.\(Self.name).new" }

    /// An empty file with room on the disk; `nil` when there is none, even without the oldest file.
    private mutating func makeNextFile() throws(FileError) -> OpenFile? {
        if unlink(nextPath) != 0, errno != ENOENT { throw .system(errno, "remove \(nextPath)") }
        while true {
            do throws(FileError) {
                let next = try OpenFile(nextPath, O_CREAT | O_EXCL | O_RDWR | O_APPEND)
                do throws(FileError) {
                    try next.reserve(limits.reserve, at: 0)
                } catch {
                    // Where the file system cannot reserve anything, nothing is.
                    if error.isOutOfSpace { throw error }
                }
                return next
            } catch {
                unlink(nextPath)
                guard error.isOutOfSpace else { throw error }
                guard keptNumbers.count >= limits.keptFiles, !keptNumbers.isEmpty else { return nil }
                unlink(Self.path(directory, keptNumbers.removeFirst()))
            }
        }
    }

    /// Takes room on the disk beyond the file's end again, once half of it is used up.
    private mutating func fillReserve() {
        isRunningOut = false
        guard let file, limits.reserve > 0, reservedEnd - size <= limits.reserve / 2 else { return }
        // Half of it may be there from before a restart. Where there is none, it is tried again after the next line.
        for count in [limits.reserve, limits.reserve / 2] {
            do throws(FileError) {
                try file.reserve(count, at: size)
                (reservedEnd, isRunningOut) = (size + count, false)
                return
            } catch {
                // Where the file system cannot reserve anything, there is no reserve.
                isRunningOut = error.isOutOfSpace
            }
        }
    }

    /// Rotates what is at the path of the current file, also what is no regular file.
    private mutating func setAside() throws(FileError) {
        let number = (keptNumbers.last ?? 0) + 1
        let kept = Self.path(directory, number)
        guard rename(path, kept) == 0 else { throw .system(errno, "rename the journal to \(kept)") }
        file = nil
        keptNumbers.append(number)
        while keptNumbers.count > limits.keptFiles { unlink(Self.path(directory, keptNumbers.removeFirst())) }
    }

    private static func path(_ directory: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(directory)/journal.\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).ndjson"
    }

    private static func keptNumbers(in directory: String) throws(JournalProblem) -> [Int] {
        let names: [String]
        do throws(FileError) { names = try Directory.names(in: directory) } catch {
            throw JournalProblem(error, directory)
        }
        return names.compactMap { name in
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            // Less than all of Int, since one is added to it.
            guard parts.count == 3, parts[0] == "journal", parts[2] == "ndjson", parts[1].utf8.count <= 15,
                let number = Int(parts[1]), number > 0, path(directory, number) == "\(directory)/\(name)"
            else { return nil }
            return number
        }.sorted()
    }
}

extension FileError {
    /// Whether the disk is full, or what its user may have of it.
    fileprivate var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}
