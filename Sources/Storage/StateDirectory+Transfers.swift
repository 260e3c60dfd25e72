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

    // MARK: Second names

    /// Removes the additional names (hard links) that a database got for a restore that was not done, such as by a
    /// process that was killed: an operator who took the file for a copy would harm the database through it.
    static func removeSecondNames(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_nlink > 1, let file = resolved(path),
            let names = try? Directory.names(in: directory(of: file))
        else { return }
        let prefix = file.dropFirst(directory(of: file).utf8.count + 1) + "-"
        for name in names where name.hasPrefix(prefix) {
            guard (try? keptName.wholeMatch(in: name.dropFirst(prefix.count))) != nil else { continue }
            removeSecondName("\(directory(of: file))/\(name)", of: file)
        }
    }

    /// Removes a name of a database, and restores the log that was linked to that name.
    static func removeSecondName(_ name: String, of file: String) {
        guard let own = try? FileStamp(file), let other = try? FileStamp(name), own.isSameFile(as: other)
        else { return }
        link(name + "-wal", file + "-wal")
        unlink(name + "-wal")
        unlink(name)
    }

    /// What is appended to the name of a database that was replaced; see ``InviteStore/replace(with:at:keepsOpen:)``.
    private static var keptName: Regex<(Substring, Substring?)> { /[0-9]{8,}T[0-9]{6}Z(-[0-9]+)?/ }

    /// Checks that so many bytes can be written without affecting the hosts' own writing.
    ///
    /// - Throws: ``StoreError/full``.
    func checkRoom(for size: Int) throws(StoreError) {
        var status = statvfs()
        guard statvfs(hosts, &status) == 0 else { throw StoreError(errno: errno, attempt: "look at \(hosts)") }
        let (free, overflows) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        guard overflows || free >= size + Self.spare else { throw .full }
    }
}
