internal import Glibc

/// Small files that are there whole or not at all, whatever happens while they are written.
package enum DurableFile {
    /// How the names of files end that are being written; they begin with a dot.
    package static let unfinished = ".new"

    package struct Problem: Error, CustomStringConvertible {
        package let code: CInt
        package let description: String

        init(_ attempt: String, _ code: CInt = errno) {
            self.init(code, "\(attempt): \(String(cString: strerror(code)))")
        }

        init(_ code: CInt, _ description: String) {
            self.code = code
            self.description = description
        }
    }

    /// Writes a file beside its place, onto the disk, and then puts it there (rename(2) is atomic, and durable once the
    /// directory is).
    ///
    /// - Throws: ``Problem``; then what was there before still is.
    package static func write(_ bytes: [UInt8], to name: String, in directory: String) throws {
        let path = "\(directory)/\(name)"
        let temporary = "\(directory)/.\(name)\(unfinished)"
        // Whatever is in its place is neither followed nor waited for.
        if unlink(temporary) != 0, errno != ENOENT { throw Problem("remove \(temporary)") }
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Problem("open") }
        do {
            defer { close(file) }
            try write(bytes, to: file)
            guard fsync(file) == 0 else { throw Problem("fsync") }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let problem = Problem("rename")
            unlink(temporary)
            throw problem
        }
        try synchronize(directory)
    }

    private static func write(_ bytes: [UInt8], to file: CInt) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Problem("write")
            }
        }
    }

    private static func synchronize(_ directory: String) throws {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw Problem("open the directory") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Problem("fsync the directory") }
    }

    /// Reads a regular file, to which no link leads.
    ///
    /// - Parameters:
    ///   - limit: How many bytes to read at most.
    ///   - isWhole: Whether a longer file is a problem; otherwise its beginning is enough.
    package static func read(_ path: String, limit: Int, isWhole: Bool) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw Problem("open") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Problem("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Problem(EINVAL, "it is not a regular file") }
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let wanted = min(1_048_576, limit + 1 - bytes.count)
            let part = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                let result = Glibc.read(file, buffer.baseAddress, wanted)
                guard result >= 0 else { throw Problem("read") }
                count = result
            }
            if part.isEmpty { return bytes }
            bytes += part
        }
        guard !isWhole else { throw Problem("read", EFBIG) }
        return Array(bytes.prefix(limit))
    }
}
