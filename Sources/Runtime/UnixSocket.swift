internal import Glibc
internal import Synchronization
internal import Text

/// A Unix socket that listens, bound safely or passed by the service manager.
package final class UnixSocket: Sendable {
    /// Why there is no socket.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }

        init(_ what: String, errno code: CInt) { self.init("\(what): \(String(cString: strerror(code)))") }
    }

    /// The file that was made, to remove it and no other.
    private struct Node: Equatable {
        let path: String
        let device: UInt
        let inode: UInt
    }

    /// Listens, with `CLOEXEC`. The server that uses it closes it.
    package let descriptor: CInt
    private let node: Node?
    /// Held while the daemon lives.
    private let lock: FileLock?

    private init(_ descriptor: CInt, node: Node?, lock: FileLock?) {
        self.descriptor = descriptor
        self.node = node
        self.lock = lock
    }

    /// One that the service manager has bound and will remove.
    package convenience init(handedOver descriptor: CInt) {
        self.init(descriptor, node: nil, lock: nil)
    }

    // MARK: Binding

    /// How many sockets this process has bound, so that two at once have names of their own.
    private static let bound = Atomic<UInt32>(0)

    /// Binds and listens. The path leads to the new socket only when that has its final mode.
    ///
    /// - Parameter mode: Who may connect. With 0666 that is every user: the peer's credentials, as the kernel reports
    ///   them, then decide.
    /// - Throws: ``Failure`` when another daemon serves the path, something else than a socket is there, or the
    ///   directory does not allow it.
    package init(binding path: String, mode: UInt32 = 0o666) throws(Failure) {
        _ = try Self.withAddress(path) { _, _ in 0 }
        lock = try Self.lock(path + ".lock")
        try Self.checkFree(path)
        (descriptor, node) = try Self.bind(path, mode)
    }

    private static func lock(_ path: String) throws(Failure) -> FileLock {
        do throws(FileLock.Failure) {
            return try .file(path)
        } catch {
            switch error {
            case .taken: throw Failure("another daemon holds \(path.quoted)")
            case .notRegular: throw Failure("\(path.quoted) is not a regular file; remove it")
            case .system(let code, let attempt): throw Failure("cannot \(attempt.escapingControls)", errno: code)
            }
        }
    }

    /// A socket without a listener was left behind by a daemon that was killed.
    private static func checkFree(_ path: String) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw Failure("cannot look at \(path.quoted)", errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw Failure("\(path.quoted) is not a socket") }
        let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw Failure("cannot make a socket", errno: errno) }
        defer { close(probe) }
        // It must not block on a listener that does not accept.
        _ = fcntl(probe, F_SETFL, O_NONBLOCK)
        guard try withAddress(path, { connect(probe, $0, $1) }) != 0 else {
            throw Failure("somebody listens on \(path.quoted)")
        }
        if errno != ECONNREFUSED { throw Failure("somebody uses \(path.quoted)", errno: errno) }
    }

    private static func bind(_ path: String, _ mode: mode_t) throws(Failure) -> (CInt, Node) {
        let descriptor = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("cannot make a socket", errno: errno) }
        do throws(Failure) {
            // The name can be longer than fits into an address, while this one never is.
            let slash = path.lastIndex(of: "/")
            let directory = slash.map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
            let handle = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard handle >= 0 else { throw Failure("cannot open \(directory.quoted)", errno: errno) }
            defer { close(handle) }
            let number = bound.add(1, ordering: .relaxed).newValue
            let temporary = "/proc/self/fd/\(handle)/.socket-\(getpid())-\(number)"
            // The holder of the lock is alone here: this can only be left by a daemon that was killed.
            if unlink(temporary) != 0, errno != ENOENT { throw Failure("cannot remove an old socket", errno: errno) }
            guard try withAddress(temporary, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
                throw Failure("cannot make a socket in \(directory.quoted)", errno: errno)
            }
            var status = stat()
            // No client can connect before it listens.
            guard chmod(temporary, mode) == 0, listen(descriptor, 128) == 0, lstat(temporary, &status) == 0,
                rename(temporary, path) == 0
            else {
                let code = errno
                unlink(temporary)
                throw Failure("cannot put the socket at \(path.quoted)", errno: code)
            }
            return (descriptor, Node(path: path, device: UInt(status.st_dev), inode: UInt(status.st_ino)))
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(Failure) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path), !path.utf8.contains(0) else {
            throw Failure("the path of a socket has at most 107 bytes: \(path.quoted)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Another descriptor of the same socket, with `CLOEXEC`.
    package static func duplicate(_ descriptor: CInt) throws(Failure) -> CInt {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw Failure("cannot duplicate a socket", errno: errno) }
        return copy
    }

    // MARK: The end

    /// Removes the socket's file, if it is still this one's, and releases the path for another daemon.
    package func remove() {
        guard let node else { return }
        var status = stat()
        if lstat(node.path, &status) == 0,
            Node(path: node.path, device: UInt(status.st_dev), inode: UInt(status.st_ino)) == node
        {
            unlink(node.path)
        }
        lock?.release()
    }
}
