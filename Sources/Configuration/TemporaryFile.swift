import CXAttr
import Glibc
import Runtime

/// A new file beside the one that it is to replace. It is removed unless it does.
struct TemporaryFile: ~Copyable {
    struct Failure: Error {
        let action: String
        let code: CInt
    }

    /// Hidden, so that it is not taken for a host's file. Between them are six characters.
    private static let prefix = ".invited-"
    private static let suffix = ".new"

    private let directory: String
    private var path: String?
    private var descriptor: CInt = -1

    init(in directory: String) {
        self.directory = directory
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let path { unlink(path) }
    }

    /// Writes the new content of the other file, and synchronizes it.
    ///
    /// - Returns: What this file does not have in common with the other, although it should.
    mutating func write(_ bytes: [UInt8], like other: String, _ status: stat) throws(Failure) -> [String] {
        var template = Array("\(directory)/\(Self.prefix)XXXXXX\(Self.suffix)".utf8CString)
        descriptor = mkstemps(&template, CInt(Self.suffix.utf8.count))
        guard descriptor >= 0 else { throw Failure(action: "be written", code: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
        // While the lock is held, no process takes the file for abandoned.
        try Self.written { () throws(FileError) in
            try FileLock.take(descriptor, directory)
            try OpenFile.write(bytes, to: descriptor)
        }
        // Whether the daemon may change a file's owner depends on the system; the content matters more.
        if fchown(descriptor, status.st_uid, status.st_gid) != 0 { _ = fchown(descriptor, .max, status.st_gid) }
        // After the owner, whose change may clear permission bits.
        guard fchmod(descriptor, status.st_mode & 0o777) == 0 else {
            throw Failure(action: "get its permissions", code: errno)
        }
        let hasAccessList = try copyAccessList(of: other, mode: status.st_mode & 0o777)
        guard fsync(descriptor) == 0 else { throw Failure(action: "be written", code: errno) }
        var now = stat()
        guard fstat(descriptor, &now) == 0 else { throw Failure(action: "be written", code: errno) }
        var lost: [String] = []
        if now.st_uid != status.st_uid { lost.append("owner") }
        if now.st_gid != status.st_gid { lost.append("group") }
        if !hasAccessList {
            lost.append("access control list")
        } else if now.st_mode != status.st_mode {
            lost.append("mode")
        }
        if status.st_nlink > 1 { lost.append("other hard links") }
        return lost
    }

    /// Gives the file the access control list of the other, or none, whatever the directory's default is.
    ///
    /// - Returns: `false` when it cannot have it. Then only its owner and others may use it: with a list, the mode's
    ///   bits of the group mean something else.
    private func copyAccessList(of other: String, mode: mode_t) throws(Failure) -> Bool {
        let name = "system.posix_acl_access"
        var list = [UInt8](repeating: 0, count: 65_536)
        let size = getxattr(other, name, &list, list.count)
        if size >= 0, fsetxattr(descriptor, name, list, size, 0) == 0 { return true }
        if size < 0, errno == ENODATA || errno == ENOTSUP {
            return fremovexattr(descriptor, name) == 0 || errno == ENODATA || errno == ENOTSUP
        }
        guard fchmod(descriptor, mode & ~0o070) == 0 else {
            throw Failure(action: "get its permissions", code: errno)
        }
        return false
    }

    private static func written(_ body: () throws(FileError) -> Void) throws(Failure) {
        do throws(FileError) { try body() } catch {
            throw Failure(action: "be written", code: error.code ?? EWOULDBLOCK)
        }
    }

    mutating func rename(to target: String) throws(Failure) {
        guard let path, Glibc.rename(path, target) == 0 else { throw Failure(action: "be replaced", code: errno) }
        self.path = nil
    }

    // MARK: Leftovers

    /// Removes such files of ours that no process writes any more: their writer was killed.
    static func removeAbandoned(in directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        for name in (try? Directory.names(in: descriptor, directory)) ?? [] {
            let bytes = name.utf8
            if bytes.count == prefix.utf8.count + 6 + suffix.utf8.count, bytes.starts(with: prefix.utf8),
                bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
            {
                removeIfAbandoned(name, in: descriptor)
            }
        }
    }

    private static func removeIfAbandoned(_ name: String, in directory: CInt) {
        let file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_nlink == 1, (try? FileLock.take(file, name)) != nil
        else { return }
        // While it was locked here it cannot have taken a file's place, but before that it can.
        var named = stat()
        guard fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0, named.st_ino == status.st_ino else { return }
        unlinkat(directory, name, 0)
    }
}
