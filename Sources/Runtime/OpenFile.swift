internal import CFileAllocation
package import Glibc

/// An open regular file or directory, which is closed and unlocked with its last user. All functions may wait for the
/// disk, and none for anything else.
package final class OpenFile: Sendable {
    package let descriptor: CInt

    /// Opens a regular file, or with `O_DIRECTORY` a directory. Neither a link is followed, nor a FIFO waited for.
    ///
    /// - Parameter flags: As for open(2); a file that is made is for its owner only.
    package init(_ path: String, _ flags: CInt) throws(FileError) {
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600)
        guard descriptor >= 0 else {
            switch errno {
            // A link; a socket or a device without a driver; a directory.
            case ELOOP, ENXIO, ENODEV, EISDIR: throw .notRegular
            default: throw .system(errno, "open \(path)")
            }
        }
        // The descriptor is closed by `deinit`, which runs for a value whose members are all set.
        let kind = try status().st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR && flags & O_DIRECTORY != 0 else { throw .notRegular }
    }

    deinit { close(descriptor) }

    /// What fstat(2) says.
    package func status() throws(FileError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno, "look at the file") }
        return status
    }

    /// At most so many bytes from there on; fewer at the file's end.
    package func read(_ count: Int, at offset: Int) throws(FileError) -> [UInt8] {
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
        if failure != 0 { throw .system(failure, "read the file") }
        return bytes
    }

    /// Writes all of it, at the end with `O_APPEND`. It is on the disk after ``synchronize()``.
    package func write(_ bytes: [UInt8]) throws(FileError) { try Self.write(bytes, to: descriptor) }

    /// Waits until what was written is on the disk, and with it what is needed to read it.
    package func synchronize() throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw .system(errno, "write the file to the disk") }
    }

    /// Has the file system reserve room for so many bytes from there on, without changing the file's size
    /// (fallocate(2)).
    ///
    /// - Throws: `ENOSPC` when there is none, `EOPNOTSUPP` where the file system cannot.
    package func reserve(_ count: Int, at offset: Int) throws(FileError) {
        while fallocate(descriptor, FALLOC_FL_KEEP_SIZE, off_t(offset), off_t(count)) != 0 {
            guard errno == EINTR else { throw .system(errno, "reserve room") }
        }
    }

    /// Truncates the file, and frees what was reserved beyond its end.
    package func truncate(to size: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw .system(errno, "truncate the file") }
    }

    /// Writes all of it to an open file, which can be a pipe or a terminal; then it waits for the reader.
    package static func write(_ bytes: [UInt8], to descriptor: CInt) throws(FileError) {
        var failure: CInt = 0
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty, failure == 0 {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count == 0 {
                    failure = ENOSPC
                } else if errno == EAGAIN {
                    // Standard error can be shared with a program that made it non-blocking.
                    var descriptor = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&descriptor, 1, 1000)
                } else if errno != EINTR {
                    failure = errno
                }
            }
        }
        if failure != 0 { throw .system(failure, "write the file") }
    }
}
