internal import GRDB

/// Recognizes databases that invited has made; others may only resemble them, and SQLite runs what is in a schema.
extension Schema {
    /// The objects of a version's databases, sorted: kinds, names, and definitions.
    private typealias Objects = [String]

    /// By the steps that lead to it.
    private static let versions: [Set<String>: Objects] = {
        // In memory; it cannot fail but for lack of that, and then no database is recognized.
        guard let queue = try? DatabaseQueue() else { return [:] }
        var (versions, steps): ([Set<String>: Objects], Set<String>) = ([:], [])
        for step in migrator.migrations {
            steps.insert(step)
            guard (try? migrator.migrate(queue, upTo: step)) != nil else { break }
            versions[steps] = try? queue.read { try objects(of: $0) }
        }
        return versions
    }()

    /// - Throws: ``BackupRefusal/newerSchema`` or ``BackupRefusal/foreign``.
    static func check(_ database: Database) throws {
        // Its tables are only read.
        let steps: Set<String>
        do {
            steps = try String.fetchSet(database, sql: "SELECT identifier FROM grdb_migrations LIMIT 1000")
        } catch let error as DatabaseError where error.resultCode != .SQLITE_ERROR {
            throw error
        } catch {
            // There is no such table, or something else is in it.
            throw BackupRefusal.foreign
        }
        guard steps.isSubset(of: migrator.migrations) else { throw BackupRefusal.newerSchema }
        // Databases of different encodings cannot be compared.
        guard try versions[steps] == objects(of: database),
            try String.fetchOne(database, sql: "PRAGMA encoding") == "UTF-8"
        else { throw BackupRefusal.foreign }
    }

    private static func objects(of database: Database) throws -> Objects {
        // Indexes that belong to constraints have no text; statistics are of no account.
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT type, name, sql FROM sqlite_master
                WHERE sql IS NOT NULL AND NOT (type = 'table' AND name LIKE 'sqlite_stat_')
                """)
        var objects: Objects = []
        while let row = try rows.next() {
            let texts = (0..<3).map { String.fromDatabaseValue(row[$0]) ?? "" }
            if BackupMark.isOwn(kind: texts[0], name: texts[1], definition: texts[2]) { continue }
            let definition = texts[2].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            objects.append("\(texts[0]) \(texts[1]): \(definition)")
        }
        return objects.sorted()
    }
}
