import CSQLite
import Foundation

/// A database through SQLite's C interface, used from one thread.
final class SQLiteDatabase {
    private var handle: OpaquePointer?

    init(_ url: URL, readOnly: Bool = false) throws {
        let flags = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        try check(sqlite3_open_v2(url.path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil))
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    func execute(_ sql: String) throws {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    func prepare(_ sql: String) throws -> SQLiteStatement {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else { throw BenchError("no statement in: \(sql)") }
        return SQLiteStatement(statement)
    }

    /// All rows of a query.
    func rows(_ sql: String) throws -> [[SQLiteValue]] {
        let statement = try prepare(sql)
        var rows: [[SQLiteValue]] = []
        while try statement.step() { rows.append(statement.row) }
        return rows
    }

    private func check(_ status: Int32) throws {
        guard status == SQLITE_OK else {
            throw BenchError("SQLite: \(String(cString: sqlite3_errmsg(handle)))")
        }
    }
}
