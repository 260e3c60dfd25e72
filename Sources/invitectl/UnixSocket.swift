import Glibc
import Shell

/// Unix stream sockets.
enum UnixSocket {
    /// - Returns: A connected socket, on which sending takes at most that time.
    /// - Throws: ``CommandFailure``: ``ResultCode/unreachable`` or ``ResultCode/denied``.
    static func connect(_ path: String, within time: Duration) throws(CommandFailure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { name in
            guard bytes.count < name.count, !bytes.contains(0) else { return false }
            name.copyBytes(from: bytes)
            return true
        }
        guard fits else { throw CommandFailure(.unreachable, "\(path) is too long for the name of a socket") }
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw failure(path) }
        let (seconds, attoseconds) = time.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let failure = failure(path)
            close(socket)
            throw failure
        }
        return socket
    }

    /// How to find out why there is no daemon.
    static let statusHint = "`systemctl status invited` shows whether the daemon runs"

    /// There is a listener, but it does not answer.
    static func unanswered(_ path: String) -> CommandFailure {
        CommandFailure(.unreachable, "the daemon does not answer on \(path)", hint: statusHint)
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func failure(_ path: String) -> CommandFailure {
        switch errno {
        case EACCES, EPERM:
            CommandFailure(
                .denied, "you may not use \(path)", hint: "`ls -l \(path)` shows whose group may; root always may")
        case ECONNREFUSED where !isSocket(path):
            CommandFailure(.unreachable, "\(path) is no socket", hint: "--socket names the daemon's")
        case ENOENT, ECONNREFUSED:
            CommandFailure(
                .unreachable, "nobody listens on \(path)",
                hint: "\(statusHint); --socket names another socket")
        case EAGAIN, ETIMEDOUT: unanswered(path)
        case let error: CommandFailure(.unreachable, "\(path): \(String(cString: strerror(error)))")
        }
    }
}
