import Glibc

/// How many files the process may have open.
struct FileLimit {
    let files: Int

    /// Raises the soft limit to the hard one: it is low only for programs that use select(2).
    static func raise() -> FileLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return FileLimit(files: 1024) }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        return FileLimit(files: Int(clamping: limit.rlim_cur))
    }

    /// How many databases may be open: each has three files in WAL mode, and 256 files are left for all else. More than
    /// 1,024 at some 60 KiB each would be memory for hosts that nobody uses right now.
    var databases: Int { min(1024, max(16, (files - 256) / 3)) }
}
