internal import GRDB

/// The schema of a host's database, and the migrations to it. The SQL is in the directory of the same name.
enum Schema {
    /// `PRAGMA application_id` of every database of invited: "invt" in ASCII.
    static let applicationID: Int32 = 0x696E_7674

    /// What follows the name of the copy that is made of an older database before the steps.
    static let copySuffix = "-before-4"

    static var current: String { text(PackageResources.current_sql) }

    /// All steps since the first version. Only ever appended to: a step that has shipped is never edited.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        let steps = [
            ("1 invites", PackageResources.migration_1_sql),
            ("2 limits", PackageResources.migration_2_sql),
            ("3 redemptions", PackageResources.migration_3_sql),
            ("4 blocks", PackageResources.migration_4_sql),
        ]
        for (name, sql) in steps {
            migrator.registerMigration(name) { try $0.execute(sql: text(sql)) }
        }
        return migrator
    }()

    /// How all that the migrations lead to is made, in the words that they leave behind.
    private static let creation = Result {
        let migrated = try DatabaseQueue()
        try migrator.migrate(migrated)
        return try migrated.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                    ORDER BY rowid
                    """)
        }
    }

    /// Makes an empty database as the migrations would, and at once: they have a transaction each, and undo what those before
    /// them have done.
    static func make(_ database: Database) throws {
        for statement in try creation.get() { try database.execute(sql: statement) }
        for step in migrator.migrations {
            try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES (?)", arguments: [step])
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
