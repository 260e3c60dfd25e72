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
    }

    private let directory: String
    private let limits: Limits
    /// Held while this process may write.
    private let lock: FileLock
    private var file: JournalFile?
    private var size = 0
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
        try Self.makeDirectory(directory)
        do throws(FileLock.Failure) {
            lock = try .file(directory + "/lock")
        } catch {
            switch error {
            case .taken: throw JournalProblem("another process writes the journal in \(directory)")
            case .notRegular: throw JournalProblem("\(directory)/lock is not a regular file")
            case .system(let number, let attempt): throw JournalProblem(errno: number, attempt)
            }
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

    /// Writes lines, and returns once they are on the disk. What could not be written leaves nothing behind.
    mutating func append(_ lines: [JournalLine]) throws(JournalProblem) {
        var bytes: [UInt8] = []
        for line in lines { bytes += line.json.bytes + [UInt8(ascii: "\n")] }
        // Somebody may have removed the file.
        if let file, file.status?.st_nlink ?? 0 == 0 { self.file = nil }
        if file == nil { try openFile() }
        if size > 0, size + bytes.count > limits.fileSize { try rotate() }
        guard let file else { throw JournalProblem("the journal is not open") }
        do throws(JournalProblem) {
            try file.write((isTorn ? [UInt8(ascii: "\n")] : []) + bytes)
            guard fdatasync(file.descriptor) == 0 else { throw JournalProblem(errno: errno, "write the journal") }
        } catch {
            // Half a line would stand there for a command that did not run. If this fails as well, the next line
            // begins a new one.
            if ftruncate(file.descriptor, off_t(size)) != 0 {
                size = (file.status?.st_size).map { Int($0) } ?? size
                isTorn = true
            }
            throw error
        }
        size += bytes.count + (isTorn ? 1 : 0)
        isTorn = false
        lastEntry = max(lastEntry, lines.map(\.number).max() ?? 0)
    }

    /// Reads what is there now, the newest first.
    func cursor(running: Set<Int64>) -> JournalCursor {
        JournalCursor(
            file: file, size: size, older: keptNumbers.reversed().map { Self.path(directory, $0) }, running: running)
    }

    // MARK: Files

    private static func makeDirectory(_ directory: String) throws(JournalProblem) {
        if mkdir(directory, 0o700) == 0 {
            try synchronize(directory + "/..")
        } else if errno != EEXIST {
            throw JournalProblem(errno: errno, "make the directory \(directory)")
        }
    }

    private mutating func openFile() throws(JournalProblem) {
        // Somebody may have removed that, too.
        try Self.makeDirectory(directory)
        let opened = try openGrowingFile()
        // A line is durable only if the way to its file is.
        try Self.synchronize(directory)
        guard let status = opened.status else { throw JournalProblem(errno: errno, "look at the journal") }
        size = Int(status.st_size)
        isTorn = size > 0 ? try opened.read(1, at: size - 1) != [UInt8(ascii: "\n")] : false
        file = opened
    }

    private mutating func openGrowingFile() throws(JournalProblem) -> JournalFile {
        let flags = O_CREAT | O_RDWR | O_APPEND
        do throws(JournalProblem) {
            return try JournalFile("\(directory)/\(Self.name)", flags)
        } catch let problem where problem.kind == .notRegular {
            // Changes go on without it. Among the files that are kept, all who read the journal learn of it.
            try setAside()
            return try JournalFile("\(directory)/\(Self.name)", flags)
        }
    }

    private mutating func rotate() throws(JournalProblem) {
        try setAside()
        try openFile()
    }

    /// Puts what is in the place of the file that grows among those that are kept.
    private mutating func setAside() throws(JournalProblem) {
        let number = (keptNumbers.last ?? 0) + 1
        let kept = Self.path(directory, number)
        guard rename("\(directory)/\(Self.name)", kept) == 0 else {
            throw JournalProblem(errno: errno, "rename the journal to \(kept)")
        }
        file = nil
        keptNumbers.append(number)
        while keptNumbers.count > limits.keptFiles { unlink(Self.path(directory, keptNumbers.removeFirst())) }
    }

    private static func path(_ directory: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(directory)/journal.\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).ndjson"
    }

    private static func keptNumbers(in directory: String) throws(JournalProblem) -> [Int] {
        guard let listing = opendir(directory) else { throw JournalProblem(errno: errno, "read \(directory)") }
        defer { closedir(listing) }
        var numbers: [Int] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            // Less than all of Int, since one is added to it.
            guard parts.count == 3, parts[0] == "journal", parts[2] == "ndjson", parts[1].utf8.count <= 15,
                let number = Int(parts[1]), number > 0, path(directory, number) == "\(directory)/\(name)"
            else { continue }
            numbers.append(number)
        }
        return numbers.sorted()
    }

    private static func synchronize(_ directory: String) throws(JournalProblem) {
        let file = try JournalFile(directory, O_RDONLY | O_DIRECTORY)
        guard fsync(file.descriptor) == 0 else { throw JournalProblem(errno: errno, "write \(directory) to the disk") }
    }
}
