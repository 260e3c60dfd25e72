internal import GRDB

/// Tells databases that invited has made from others that only look so: what stands in a schema is run.
extension Schema {
    /// What a version's databases consist of, sorted: kinds, names, and how they were made.
    private typealias Objects = [String]

    private static let versions: [Objects] = {
        // In memory; it cannot fail but for want of that, and then nothing is taken for ours.
        guard let queue = try? DatabaseQueue() else { return [] }
        return migrator.migrations.compactMap { step in
            guard (try? migrator.migrate(queue, upTo: step)) != nil else { return nil }
            return try? queue.read { try objects(of: $0) }
        }
    }()

    /// - Throws: ``BackupRefusal/newerSchema`` or ``BackupRefusal/foreign``.
    static func check(_ database: Database) throws {
        let found = try objects(of: database)
        if versions.contains(found) { return }
        // Its tables are only looked at.
        let steps = try? String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations LIMIT 1000")
        let isNewer = steps.map { !Set($0).isSubset(of: migrator.migrations) } ?? false
        throw isNewer ? BackupRefusal.newerSchema : BackupRefusal.foreign
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
