internal import GRDB

/// What a host's database looks like, and how older ones become so. The SQL is in the directory of the same name.
enum Schema {
    /// `PRAGMA application_id` of every database of invited: "invt" in ASCII.
    static let applicationID: Int32 = 0x696E_7674

    /// What follows the name of the copy that is made of an older database before the steps.
    static let copySuffix = "-before-3"

    static var current: String { text(PackageResources.current_sql) }

    /// All steps since the first version. Only ever appended to: a step that has shipped is never edited.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        let steps = [
            ("1 invites", PackageResources.migration_1_sql),
            ("2 limits", PackageResources.migration_2_sql),
            ("3 redemptions", PackageResources.migration_3_sql),
        ]
        for (name, sql) in steps {
            migrator.registerMigration(name) { try $0.execute(sql: text(sql)) }
        }
        return migrator
    }()

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
