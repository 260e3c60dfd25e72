internal import Glibc

/// Why the process cannot use a file, with what operators need: its path, the system's reason, its owner and mode, and
/// the user that the daemon runs as.
enum FileObstacle {
    /// What prevents the use of a database, its log or its directory; `nil` when nothing does.
    static func reason(ofDatabase path: String) -> String? {
        let file = StateDirectory.resolved(path) ?? path
        for path in [file, file + "-wal", file + "-shm", file + "-journal"] {
            if let reason = reason(path, isDirectory: false) { return reason }
        }
        return reason(StateDirectory.directory(of: file), isDirectory: true)
    }

    private static func reason(_ path: String, isDirectory: Bool) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            // A missing file can be made, unless the directory prevents it.
            return errno == ENOENT && !isDirectory ? nil : "\(path): \(String(cString: strerror(errno)))"
        }
        let kind = status.st_mode & S_IFMT
        if !isDirectory, kind != S_IFREG {
            let what =
                switch kind {
                case S_IFDIR: "is a directory, not a file"
                case S_IFLNK: "is a symbolic link that leads nowhere"
                default: "is not a regular file"
                }
            return "\(path) \(what)"
        }
        // With the effective user, as open(2).
        guard faccessat(AT_FDCWD, path, R_OK | W_OK | (isDirectory ? X_OK : 0), AT_EACCESS) != 0 else { return nil }
        let reason = String(cString: strerror(errno))
        return
            "cannot read and write \(path): \(reason); \(describe(status)), and the daemon runs as \(name(geteuid()))"
    }

    static func describe(_ status: stat) -> String {
        let mode = String(status.st_mode & 0o7777, radix: 8)
        let padded = String(repeating: "0", count: max(4 - mode.count, 0)) + mode
        return "its owner is \(name(status.st_uid)), its group \(groupName(status.st_gid)), its mode \(padded)"
    }

    private static func name(_ user: uid_t) -> String {
        var entry = passwd()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress else { return "user \(user)" }
            let isFound = getpwuid_r(user, &entry, start, buffer.count, &found) == 0 && found != nil
            return isFound ? String(cString: entry.pw_name) : "user \(user)"
        }
    }

    private static func groupName(_ identifier: gid_t) -> String {
        var entry = group()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var found: UnsafeMutablePointer<group>?
            guard let start = buffer.baseAddress else { return "\(identifier)" }
            let isFound = getgrgid_r(identifier, &entry, start, buffer.count, &found) == 0 && found != nil
            return isFound ? String(cString: entry.gr_name) : "\(identifier)"
        }
    }
}
