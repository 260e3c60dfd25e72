internal import Glibc

/// Shows whether a file is the same one as before, and whether it was written to.
struct FileStamp: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    /// The time of the last change of what is in it.
    let seconds: Int64
    let nanoseconds: Int64

    /// - Returns: `nil` when there is no such file.
    /// - Throws: ``StoreError`` when that cannot be known.
    init?(_ path: String) throws(StoreError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw StoreError(errno: errno, attempt: "look at \(path)")
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = Int64(status.st_mtim.tv_sec)
        nanoseconds = Int64(status.st_mtim.tv_nsec)
    }

    func isSameFile(as other: FileStamp) -> Bool { device == other.device && inode == other.inode }
}
