internal import Glibc

/// How many files the process may have open, and how they are divided, so that none of its parts takes all of them.
package struct FileLimit: Hashable, Sendable {
    package let files: Int
    /// What event loops, the connection to the server, the journal, the log and the reading of files take.
    private let base: Int

    /// - Parameter cores: Each has an event loop, with three files.
    init(files: Int, cores: Int) {
        self.files = max(files, 0)
        base = 40 + 3 * min(max(cores, 1), 4096)
    }

    /// Raises the soft limit to the hard one: it is low only for programs that use select(2).
    package static func raise() -> FileLimit {
        let cores = sysconf(CInt(_SC_NPROCESSORS_ONLN))
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return FileLimit(files: 1024, cores: cores)
        }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        return FileLimit(files: Int(clamping: limit.rlim_cur), cores: cores)
    }

    private var available: Int { max(files - base, 0) }

    /// How many connections to the control socket may be open.
    package var connections: Int { min(max(available / 4, 4), 320) }

    /// How many connections of browsers, or of the proxy in front of them, may be open.
    package var webConnections: Int { min(max(available / 4, 8), 2_048) }

    /// How many databases may be open: each has three files in WAL mode. More than 1,024 at some 60 KiB each would be
    /// memory for hosts that are not in use right now.
    package var databases: Int { min(max((available - connections - webConnections) / 3, 1), 1024) }

    /// Whether the daemon gets by with fewer files than it would like.
    package var isLow: Bool { databases < 64 }

    /// What to do when there are too few.
    package static let remedy = "raise LimitNOFILE in the service's unit, or `ulimit -n`, and restart"

    /// Files that nothing of ours takes, since libdispatch ends the process when it cannot open one: once a second,
    /// while work waits, it reads the states of its threads. Two, since a connection may be accepted between two
    /// checks.
    private static let spare = 2

    /// Whether so many more files can be opened now, and some are left to the runtime.
    package static func hasRoom(for count: Int) -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return true }
        guard hasRoom(for: count, below: CInt(clamping: limit.rlim_cur)) else { return false }
        // The machine may have none left.
        let descriptor = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno != EMFILE && errno != ENFILE }
        close(descriptor)
        return true
    }

    /// Checks the descriptors' numbers, since opening files as a test would take them from other threads meanwhile; and
    /// from the top, where all are free as long as there is room.
    static func hasRoom(for count: Int, below limit: CInt) -> Bool {
        var (free, descriptor) = (0, limit)
        while free < count + spare {
            guard descriptor > 0 else { return false }
            descriptor -= 1
            if fcntl(descriptor, F_GETFD) == -1 { free += 1 }
        }
        return true
    }
}
