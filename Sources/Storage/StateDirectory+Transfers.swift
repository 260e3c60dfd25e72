internal import Glibc
internal import Runtime

/// Files that exist while a backup is made or taken.
extension StateDirectory {
    private static let prefix = ".transfer-"
    /// What is left to the hosts, whatever is copied.
    private static let spare = 1 << 20

    /// A path beside the databases at which nothing is.
    func temporaryPath() -> String {
        "\(hosts)/\(Self.prefix)\(String(UInt64.random(in: 0 ... .max), radix: 16))"
    }

    /// Removes what a process has left that was killed.
    func removeTemporaries() {
        guard let names = try? Directory.names(in: hosts) else { return }
        for name in names where name.hasPrefix(Self.prefix) { unlink("\(hosts)/\(name)") }
    }

    /// Removes such a file, and what SQLite may have put beside it.
    static func removeTemporary(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
    }

    /// Makes sure that so many bytes can be written without the hosts' own writing coming to harm.
    ///
    /// - Throws: ``StoreError/full``.
    func checkRoom(for size: Int) throws(StoreError) {
        var status = statvfs()
        guard statvfs(hosts, &status) == 0 else { throw StoreError(errno: errno, attempt: "look at \(hosts)") }
        let (free, overflows) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        guard overflows || free >= size + Self.spare else { throw .full }
    }
}
