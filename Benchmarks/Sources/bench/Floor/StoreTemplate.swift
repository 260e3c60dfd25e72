import Foundation

/// The daemon's own schema and one of its rows, read from a database that it made.
///
/// The floor commits rows like these, so it does not drift away from what the daemon stores.
struct StoreTemplate: Sendable {
    private struct Column: Sendable {
        var name: String
        var value: SQLiteValue
        /// Whether no two rows may have the same.
        var isUnique: Bool
    }

    private let schema: [String]
    private let table: String
    private let columns: [Column]

    /// Takes the table with the most rows for the one that invites are in.
    init(database url: URL) throws {
        let database = try SQLiteDatabase(url, readOnly: true)
        let objects = try database.rows(
            "SELECT sql, name, type FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        schema = objects.compactMap { $0[0].text }
        let tables = objects.filter { $0[2].text == "table" }.compactMap { $0[1].text }
        let counted = try tables.map { ($0, try Self.count($0, in: database)) }
        guard let (table, rows) = counted.max(by: { $0.1 < $1.1 }), rows > 0 else {
            throw BenchError("\(url.path) holds no rows")
        }
        self.table = table

        let unique = Set(
            try database.rows(
                """
                SELECT ii.name FROM pragma_index_list('\(table)') AS il, pragma_index_info(il.name) AS ii
                WHERE il."unique"
                """
            ).compactMap { $0[0].text })
        let names = try database.rows("SELECT name, type, pk FROM pragma_table_info('\(table)')")
        let example = try database.rows("SELECT * FROM \"\(table)\" LIMIT 1")
        guard let row = example.first, row.count == names.count else { throw BenchError("cannot read \(table)") }
        columns = zip(names, row).compactMap { column, value in
            guard let name = column[0].text else { return nil }
            // SQLite numbers the rows itself where the key is its row id.
            if column[1].text?.uppercased() == "INTEGER", column[2].integer == 1 { return nil }
            return Column(name: name, value: value, isUnique: unique.contains(name))
        }
    }

    /// Makes a database with this schema, as durable as the daemon's.
    func create(at url: URL) throws -> SQLiteDatabase {
        let database = try SQLiteDatabase(url)
        try database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        for statement in schema { try database.execute(statement) }
        return database
    }

    func insertStatement(in database: SQLiteDatabase) throws -> SQLiteStatement {
        let names = columns.map { "\"\($0.name)\"" }.joined(separator: ",")
        let marks = columns.map { _ in "?" }.joined(separator: ",")
        return try database.prepare("INSERT INTO \"\(table)\"(\(names)) VALUES(\(marks))")
    }

    /// A row like the example, new where it has to be.
    func row(using random: inout some RandomNumberGenerator) -> [SQLiteValue] {
        columns.map { column in
            guard column.isUnique else { return column.value }
            switch column.value {
            case .text(let text): return .text(Self.token(text.utf8.count, using: &random))
            case .blob(let bytes): return .blob(bytes.map { _ in random.next() })
            case .integer: return .integer(Int64(truncatingIfNeeded: random.next() >> 1))
            case .null, .real: return column.value
            }
        }
    }

    /// How many invites a database of the daemon's holds.
    func count(in url: URL) throws -> Int {
        Int(try Self.count(table, in: SQLiteDatabase(url, readOnly: true)))
    }

    private static func count(_ table: String, in database: SQLiteDatabase) throws -> Int64 {
        try database.rows("SELECT count(*) FROM \"\(table)\"").first?.first?.integer ?? 0
    }

    /// A text as long as the daemon's tokens which, like them, begins with the milliseconds in seven digits to the base
    /// of 62, and so sorts by its time.
    private static func token(_ count: Int, using random: inout some RandomNumberGenerator) -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var digits = UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
        let timeLength = min(7, count)
        return String(unsafeUninitializedCapacity: count) { buffer in
            for index in (0..<timeLength).reversed() {
                buffer[index] = alphabet[Int(digits % 62)]
                digits /= 62
            }
            for index in timeLength..<count { buffer[index] = alphabet[Int(random.next() % 62)] }
            return count
        }
    }
}
