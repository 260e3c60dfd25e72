internal import GRDB
internal import Invites

/// A table that only backups have, with the host: a database itself does not say whose it is.
struct BackupMark: Hashable, Sendable {
    let host: String
    let madeAt: Timestamp

    static let table = "backup"
    private static let sql = "CREATE TABLE backup (host TEXT NOT NULL, made_at INTEGER NOT NULL) STRICT"

    func write(_ database: Database) throws {
        try Self.remove(database)
        try database.execute(sql: Self.sql)
        try database.execute(
            sql: "INSERT INTO backup VALUES (?, ?)", arguments: [host, madeAt.millisecondsSinceEpoch])
    }

    /// Reads it from a database that is known to have no other table of the name.
    ///
    /// - Returns: `nil` when there is none.
    static func read(_ database: Database) throws -> BackupMark? {
        guard try database.tableExists(table), let row = try Row.fetchOne(database, sql: "SELECT * FROM backup"),
            // It is used in a line of text.
            let host = String.fromDatabaseValue(row[0]), host.utf8.count <= 255, !host.contains(where: \.isWhitespace),
            let madeAt = Int64.fromDatabaseValue(row[1])
        else { return nil }
        return BackupMark(host: host, madeAt: Timestamp(millisecondsSinceEpoch: madeAt))
    }

    static func remove(_ database: Database) throws { try database.execute(sql: "DROP TABLE IF EXISTS backup") }

    /// Whether something in a schema is this table.
    static func isOwn(kind: String, name: String, definition: String) -> Bool {
        kind == "table" && name == table && definition == sql
    }
}
