internal import Glibc

/// Why the journal cannot be read or written.
struct JournalProblem: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(errno number: CInt, _ attempt: String) {
        description = "cannot \(attempt): \(String(cString: strerror(number)))"
    }
}

/// An open file, closed and unlocked with its last user.
final class JournalFile: Sendable {
    let descriptor: CInt

    init(_ path: String, _ flags: CInt) throws(JournalProblem) {
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw JournalProblem(errno: errno, "open \(path)") }
    }

    deinit {
        // A child that is just being started has a copy of the descriptor, which closing this one leaves locked.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

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
