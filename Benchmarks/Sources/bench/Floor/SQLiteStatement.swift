import CSQLite

/// A prepared statement.
final class SQLiteStatement {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Runs it to its end with these values.
    func run(_ values: [SQLiteValue]) throws {
        for (index, value) in values.enumerated() { bind(value, at: Int32(index + 1)) }
        while try step() {}
        sqlite3_reset(handle)
    }

    /// True when there is a row.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw BenchError("SQLite: \(String(cString: sqlite3_errmsg(sqlite3_db_handle(handle))))")
        }
    }

    var row: [SQLiteValue] {
        (0..<sqlite3_column_count(handle)).map { column in
            switch sqlite3_column_type(handle, column) {
            case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, column))
            case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
            case SQLITE_TEXT: .text(sqlite3_column_text(handle, column).map { String(cString: $0) } ?? "")
            case SQLITE_BLOB:
                .blob(
                    Array(
                        UnsafeRawBufferPointer(
                            start: sqlite3_column_blob(handle, column),
                            count: Int(sqlite3_column_bytes(handle, column)))))
            default: .null
            }
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) {
        // A destructor of -1 makes SQLite copy what it is given.
        let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: sqlite3_bind_null(handle, index)
        case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
        case .real(let real): sqlite3_bind_double(handle, index, real)
        case .text(let text): sqlite3_bind_text(handle, index, text, -1, copy)
        case .blob(let bytes): sqlite3_bind_blob(handle, index, bytes, Int32(bytes.count), copy)
        }
    }
}
