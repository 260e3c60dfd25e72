internal import CSQLiteSettings
internal import GRDB
internal import Glibc
internal import Runtime

/// The file of a database without invites. It is made once and copied for each host, which takes one write and one wait for the disk:
/// SQLite by itself first makes a file without a log, and waits several times.
enum NewDatabase {
    /// What is in it; `nil` where it cannot be had, so that each is made by itself.
    private static let image: [UInt8]? = try? make()

    /// Makes it ahead of the first host that needs it.
    static func prepare() { _ = image }

    private static func make() throws -> [UInt8]? {
        let queue = try DatabaseQueue()
        return try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA auto_vacuum = \(InviteDatabase.incremental)")
            try InviteDatabase.make(database)
            guard let connection = database.sqliteConnection else { return nil }
            var size: Int64 = 0
            guard let bytes = invited_sqlite_serialize(UnsafeMutableRawPointer(connection), &size) else { return nil }
            defer { invited_sqlite_free(bytes) }
            var image = Array(UnsafeBufferPointer(start: bytes, count: Int(size)))
            guard image.count > formatVersions.upperBound else { return nil }
            // What is in memory has no log: <https://www.sqlite.org/fileformat.html#file_format_version_numbers>.
            for index in formatVersions { image[index] = 2 }
            return image
        }
    }

    private static let formatVersions = 18...19

    /// Makes the file at `path` with access for its owner only, complete and synchronized, where nothing is. Its name
    /// is on the disk once a commit is: SQLite synchronizes the directory of a log that it has made.
    ///
    /// - Returns: Whether it did: not where there is anything, such as a log without its database, and not on file systems that
    ///   cannot do it.
    /// - Throws: ``StoreError`` when it cannot be written, such as for lack of room.
    static func make(at path: String) throws(StoreError) -> Bool {
        guard isFree(path), isFree(path + "-wal"), isFree(path + "-journal"), let image else { return false }
        // Without a name until it is complete, so that it vanishes with a process that is killed.
        let file = open(StateDirectory.directory(of: path), O_WRONLY | O_CLOEXEC | temporary, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        do throws(FileError) { try OpenFile.write(image, to: file) } catch { throw StoreError(error) }
        guard fsync(file) == 0 else { throw StoreError(errno: errno, attempt: "write \(path) to the disk") }
        return linkat(AT_FDCWD, "/proc/self/fd/\(file)", AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0
    }

    /// `O_TMPFILE`, which is no plain number in the header.
    private static let temporary = O_DIRECTORY | 0o20_000_000

    private static func isFree(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) != 0 && errno == ENOENT
    }
}
