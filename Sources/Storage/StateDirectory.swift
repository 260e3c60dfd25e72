internal import Glibc
internal import Runtime

/// The directory that holds the databases, `DIR/hosts/HOST.sqlite3`, and the locks that reserve it for one process.
///
/// It is the daemon's own: no other user may write in it, so a link in it to another disk can be trusted.
final class StateDirectory: Sendable {
    private static let suffix = ".sqlite3"

    let hosts: String
    /// Room on the disk of ``hosts``.
    let reserve: DiskReserve
    /// The directory's own, which cannot be removed, and `DIR/lock`, for versions that use no other.
    private let locks: [FileLock]

    /// Makes what is missing, with access for its owner only, and takes the locks.
    ///
    /// - Throws: ``StoreError/directoryInUse(_:)`` when another process or object has one of them.
    init(_ directory: String) throws(StoreError) {
        hosts = directory + "/hosts"
        try Self.make(directory)
        locks = try Self.takeLocks(in: directory)
        try Self.make(hosts)
        // A commit is durable only if the way to its file is.
        try Self.synchronize(directory)
        reserve = DiskReserve(hosts + "/.reserve")
        removeTemporaries()
    }

    /// Where the database of `host` is, or `nil` if `host` cannot be a file's name.
    func path(of host: String) -> String? {
        // 255 bytes is the longest file name; SQLite appends "-journal".
        let room = 255 - Self.suffix.utf8.count - "-journal".utf8.count
        guard (1...room).contains(host.utf8.count), !host.utf8.contains(UInt8(ascii: "/")), !host.utf8.contains(0),
            host.utf8.first != UInt8(ascii: ".")
        else { return nil }
        return "\(hosts)/\(host)\(Self.suffix)"
    }

    /// The hosts that have a database, in no particular order.
    func hostsWithDatabase() throws(StoreError) -> [String] {
        let names: [String]
        do throws(FileError) { names = try Directory.names(in: hosts) } catch { throw StoreError(error) }
        return names.filter { $0.hasSuffix(Self.suffix) && $0.utf8.first != UInt8(ascii: ".") }
            .map { String($0.dropLast(Self.suffix.count)) }
    }

    /// Those of the hosts that have a database, in the same order.
    func hostsWithDatabase(among candidates: [String]) throws(StoreError) -> [String] {
        guard access(hosts, R_OK | X_OK) == 0 else { throw StoreError(errno: errno, attempt: "read \(hosts)") }
        return candidates.filter { path(of: $0).map(Self.exists) ?? false }
    }

    /// Those of the hosts that have a database, the last changed first.
    func latest(_ count: Int, of hosts: [String]) throws(StoreError) -> [String] {
        let served = Set(hosts)
        let changes = try hostsWithDatabase().filter(served.contains).compactMap { host -> (String, Int)? in
            var status = stat()
            guard let path = path(of: host), stat(path, &status) == 0 else { return nil }
            return (host, status.st_mtim.tv_sec)
        }
        return changes.sorted { $0.1 > $1.1 }.prefix(count).map(\.0)
    }

    /// Makes an empty file with access for its owner only, unless there is one: SQLite would let others read it.
    static func createFile(_ path: String) throws(StoreError) {
        // Never opens an existing file: closing it again would drop SQLite's locks on it (POSIX record locks).
        let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if file >= 0 {
            close(file)
        } else if errno != EEXIST {
            throw StoreError(errno: errno, attempt: "create \(path)")
        }
    }

    /// Whether there is something at `path`. When in doubt there is: opening it shows more.
    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0 || errno != ENOENT
    }

    private static func make(_ directory: String) throws(StoreError) {
        do throws(FileError) { try Directory.make(directory) } catch { throw StoreError(error) }
    }

    private static func takeLocks(in directory: String) throws(StoreError) -> [FileLock] {
        let path = directory + "/lock"
        do throws(FileLock.Failure) {
            let own = try FileLock.directory(directory)
            return [own, try FileLock.file(path)].compactMap(\.self)
        } catch {
            switch error {
            case .taken: throw .directoryInUse(directory)
            case .notRegular: throw .io("\(path) is not a regular file; remove it")
            case .system(let number, let attempt): throw StoreError(errno: number, attempt: attempt)
            }
        }
    }

    /// Makes the directory of `path` again if it was removed.
    static func restoreDirectory(of path: String) throws(StoreError) {
        try make(directory(of: path))
    }

    /// Gives a complete file the path of another, or a path where nothing is.
    static func move(_ file: String, to path: String) throws(StoreError) {
        guard rename(file, path) == 0 else { throw StoreError(errno: errno, attempt: "rename \(file) to \(path)") }
        try synchronize(directory(of: path))
    }

    /// The path without links; `nil` when there is nothing at it.
    static func resolved(_ path: String) -> String? {
        guard let target = realpath(path, nil) else { return nil }
        defer { free(target) }
        return String(cString: target)
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func synchronizeFile(_ path: String) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreError(errno: errno, attempt: "open \(path)") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw StoreError(errno: errno, attempt: "write \(path) to the disk") }
    }

    static func synchronize(_ directory: String) throws(StoreError) {
        do throws(FileError) { try Directory.synchronize(directory) } catch { throw StoreError(error) }
    }
}
