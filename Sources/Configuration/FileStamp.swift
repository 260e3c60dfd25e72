import Glibc

/// What the file system says about a file's content without reading it. As long as it stays the same, so does the file.
struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let modified: Int64
    private let changed: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    /// Whether a later change is sure to show in the stamp.
    ///
    /// Time stamps are as coarse as the kernel's tick, so a file that changed a moment ago can change again and keep
    /// its stamp.
    ///
    /// - Parameter now: The wall clock when the stamp was taken, in nanoseconds since 1970.
    func isSettled(at now: Int64) -> Bool {
        changed &+ 100_000_000 < now
    }

    /// The wall clock in nanoseconds since 1970.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }

    // A file system can hold any time stamp; all that matters is that the same one gives the same number.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
