internal import Glibc

/// Why the journal cannot be read or written.
struct JournalProblem: Error, Hashable, Sendable, CustomStringConvertible {
    enum Kind: Hashable, Sendable {
        /// There is no such file.
        case missing
        /// A link, a FIFO, a device, a socket or a directory is where a file should be.
        case notRegular
        case other
    }

    let kind: Kind
    let description: String

    init(_ description: String, kind: Kind = .other) {
        self.description = description
        self.kind = kind
    }

    init(errno number: CInt, _ attempt: String) {
        self.init(
            "cannot \(attempt): \(String(cString: strerror(number)))", kind: number == ENOENT ? .missing : .other)
    }
}

/// An open file, closed and unlocked with its last user.
final class JournalFile: Sendable {
    let descriptor: CInt

    /// Opens a regular file, or with `O_DIRECTORY` a directory, and never waits for anything else that is there.
    init(_ path: String, _ flags: CInt) throws(JournalProblem) {
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            switch errno {
            // A link; a socket or a device without a driver; a directory.
            case ELOOP, ENXIO, ENODEV, EISDIR: throw Self.notRegular(path)
            default: throw JournalProblem(errno: errno, "open \(path)")
            }
        }
        guard flags & O_DIRECTORY != 0 || (status.map { $0.st_mode & S_IFMT == S_IFREG } ?? false) else {
            // The descriptor is closed by `deinit`, which runs for a value whose members are all set.
            throw Self.notRegular(path)
        }
    }

    private static func notRegular(_ path: String) -> JournalProblem {
        JournalProblem("\(path) is not a regular file", kind: .notRegular)
    }

    deinit { close(descriptor) }

    /// What fstat(2) says.
    var status: stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }

    /// At most so many bytes from there on; fewer at the file's end.
    func read(_ count: Int, at offset: Int) throws(JournalProblem) -> [UInt8] {
        var failure: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let result = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
                if result > 0 {
                    filled += result
                } else if result == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        if failure != 0 { throw JournalProblem(errno: failure, "read the journal") }
        return bytes
    }

    func write(_ bytes: [UInt8]) throws(JournalProblem) {
        var failure: CInt = 0
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    failure = errno
                    return
                }
            }
        }
        if failure != 0 { throw JournalProblem(errno: failure, "write the journal") }
    }
}
