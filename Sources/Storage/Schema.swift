internal import GRDB

/// What a host's database looks like, and how older ones become so.
enum Schema {
    /// `PRAGMA application_id` of every database of invited: "invt" in ASCII.
    static let applicationID: Int32 = 0x696E_7674

    /// The schema as it is today, for the reader. Every migration brings this text up to date; a test compares them.
    static let current = """
        CREATE TABLE invite (
            -- never given to another invite, since operators name invites by it
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- [A-Za-z0-9], the secret in the link
            token TEXT NOT NULL UNIQUE,
            -- 'account', 'contact', 'account-and-contact', 'reset'
            kind TEXT NOT NULL,
            -- 'roster', 'register': the query type of the link
            action TEXT NOT NULL,
            -- localpart@domain
            inviter TEXT,
            -- the localpart of the account to be created, if fixed; of the account whose password a reset resets
            username TEXT,
            -- milliseconds since 1970-01-01T00:00:00Z
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT;
        -- For the sweep. New invites of a host mostly expire last, so that this index grows at its end.
        CREATE INDEX invite_by_expiry ON invite (expires_at);
        -- To promise a username once. Most invites fix none and are not in it.
        CREATE INDEX invite_by_username ON invite (username) WHERE username IS NOT NULL;
        """

    /// All steps since the first version. Only ever appended to: a step that has shipped is never edited.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 invites") { database in
            try database.execute(
                sql: """
                    CREATE TABLE invite (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        token TEXT NOT NULL UNIQUE,
                        kind TEXT NOT NULL,
                        action TEXT NOT NULL,
                        inviter TEXT,
                        username TEXT,
                        created_at INTEGER NOT NULL,
                        expires_at INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX invite_by_expiry ON invite (expires_at);
                    CREATE INDEX invite_by_username ON invite (username) WHERE username IS NOT NULL;
                    """)
        }
        return migrator
    }()
}
