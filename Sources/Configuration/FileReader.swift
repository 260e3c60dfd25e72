import Glibc

/// Reads whole small files, and nothing but regular ones: a FIFO would hang the daemon, a device do worse.
enum FileReader {
    struct File {
        let bytes: [UInt8]
        let stamp: FileStamp
        /// Why nothing may be quoted from it; `nil` when it may be.
        let withheld: Withholding?
    }

    /// What is at a path, seen through symbolic links.
    static func status(_ name: String, in directory: CInt = AT_FDCWD) throws(FileProblem) -> stat {
        var status = stat()
        guard fstatat(directory, name, &status, 0) == 0 else {
            let code = errno
            var link = stat()
            if code == ENOENT, fstatat(directory, name, &link, AT_SYMLINK_NOFOLLOW) == 0 {
                throw FileProblem("is a symbolic link that leads nowhere")
            }
            throw FileProblem(code: code)
        }
        return status
    }

    /// Reads a file whose content is never shown, through any links.
    ///
    /// - Parameter limit: The largest file that is read, in bytes.
    static func read(_ path: String, limit: Int) throws(FileProblem) -> File {
        // Opening alone can have effects on a device, so check before, and again what was opened.
        try requireFile(try status(path))
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard number >= 0 else { throw FileProblem(code: errno) }
        let file = Descriptor(number)
        let status = try file.status()
        try requireFile(status)
        return File(bytes: try read(file, status, limit: limit), stamp: FileStamp(status), withheld: nil)
    }

    /// Reads a file of the configuration in an open directory.
    ///
    /// - Parameters:
    ///   - limit: The largest file that is read, in bytes.
    ///   - readsLinksOfOthers: Whether others than root and the daemon may link to files outside the directory.
    static func readConfiguration(
        _ name: String, in directory: CInt, limit: Int, readsLinksOfOthers: Bool
    ) throws(FileProblem) -> File {
        let entry = try ConfigurationEntry(name, in: directory, readsLinksOfOthers: readsLinksOfOthers)
        return File(
            bytes: try read(entry.file, entry.status, limit: limit), stamp: FileStamp(entry.status),
            withheld: entry.withheld)
    }

    /// Reads a file of the configuration, as the directory in which it is allows.
    static func readConfiguration(
        _ path: String, limit: Int, readsLinksOfOthers: Bool
    ) throws(FileProblem) -> File {
        let directory = Path.directory(of: path)
        let number = open(directory.isEmpty ? "." : directory, Descriptor.pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw FileProblem(code: errno) }
        let handle = Descriptor(number)
        return try readConfiguration(
            Path.name(of: path), in: handle.number, limit: limit, readsLinksOfOthers: readsLinksOfOthers)
    }

    private static func read(
        _ file: Descriptor, _ status: stat, limit: Int
    ) throws(FileProblem) -> [UInt8] {
        var capacity = min(max(Int(status.st_size), 0), limit) + 1
        while true {
            let bytes = try readBytes(file.number, upTo: capacity)
            guard bytes.count == capacity else { return bytes }
            guard capacity <= limit else { throw FileProblem("is larger than \(limit) bytes") }
            // It grew meanwhile, or its size was not reported, as in /proc.
            capacity = min(max(capacity * 2, 4096), limit + 1)
        }
    }

    private static func requireFile(_ status: stat) throws(FileProblem) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw FileProblem("is a directory, not a file")
        default: throw FileProblem("is not a regular file")
        }
    }

    private static func readBytes(_ descriptor: CInt, upTo capacity: Int) throws(FileProblem) -> [UInt8] {
        var failure: CInt?
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            while count < capacity {
                let length = pread(descriptor, buffer.baseAddress?.advanced(by: count), capacity - count, off_t(count))
                if length > 0 {
                    count += length
                } else if length == 0 {
                    return
                } else if errno != EINTR {
                    failure = errno
                    return
                }
            }
        }
        if let failure { throw FileProblem(code: failure) }
        return bytes
    }
}

/// Why a file cannot be read, in words that follow its name.
struct FileProblem: Error {
    let message: String
    /// The system's error number, where there is one.
    let code: CInt?

    init(_ message: String) {
        self.message = message
        code = nil
    }

    init(code: CInt) {
        message = "cannot be read: \(String(cString: strerror(code)))"
        self.code = code
    }
}
