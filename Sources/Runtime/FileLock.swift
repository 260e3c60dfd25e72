internal import Glibc

/// An exclusive lock of this process (flock(2)), which ends with the process, however that ends.
package final class FileLock: Sendable {
    /// Why the lock was not taken.
    package typealias Failure = FileError

    private let descriptor: CInt

    private init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        release()
        close(descriptor)
    }

    /// Releases the lock before the object is destroyed.
    package func release() {
        // A child that is just being started has a copy of the descriptor, which closing this one leaves locked.
        flock(descriptor, LOCK_UN)
    }

    /// Takes the lock of a file, which is made, with access for its owner only, when it is missing. No link is followed.
    ///
    /// - Returns: A lock of the file that had the path when the lock was taken. If the file is removed later, another
    ///   process can lock the next one with its name.
    package static func file(_ path: String) throws(Failure) -> FileLock {
        try file(path, opened: {})
    }

    /// - Parameter opened: Called each time that the file is open and not yet locked, for tests of what happens then.
    static func file(_ path: String, opened: () -> Void) throws(Failure) -> FileLock {
        for _ in 0..<mostReplacements {
            // A FIFO would wait for its other end.
            let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
            let descriptor = open(path, flags, 0o600)
            guard descriptor >= 0 else {
                if errno == ELOOP || errno == EISDIR || errno == ENXIO { throw .notRegular }
                throw .system(errno, "open \(path)")
            }
            let lock = FileLock(descriptor)
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw .system(errno, "look at \(path)") }
            guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
            opened()
            try take(lock.descriptor, path)
            // It can have been removed between opening and locking: then its lock excludes no other process.
            var named = stat()
            if lstat(path, &named) == 0, named.st_dev == status.st_dev, named.st_ino == status.st_ino { return lock }
        }
        throw .taken
    }

    /// Takes the lock of a directory itself: unlike a file in it, it cannot be removed while there is something in it.
    ///
    /// - Returns: `nil` where the file system has no locks for directories, as NFS.
    package static func directory(_ path: String) throws(Failure) -> FileLock? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno, "open \(path)") }
        let lock = FileLock(descriptor)
        do throws(Failure) {
            try take(lock.descriptor, path)
            return lock
        } catch {
            if case .system = error { return nil }
            throw error
        }
    }

    /// Locks an open file, which stays locked until it is closed.
    package static func take(_ descriptor: CInt, _ path: String) throws(Failure) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
        throw errno == EWOULDBLOCK ? .taken : .system(errno, "lock \(path)")
    }

    /// A file that is replaced more often between two calls is being fought over.
    private static let mostReplacements = 100
}
