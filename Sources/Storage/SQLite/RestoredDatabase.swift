internal import GRDB
internal import Invites

/// A backup that becomes a host's database: what has happened since it was made is not undone.
///
/// Tokens that were spent or revoked stay so, accounts that were made stay in the tree of who invited whom, and work
/// for servers that is not done yet continues.
struct RestoredDatabase {
    let database: Database
    let now: Timestamp
    let keepsOpen: Bool

    private static let revoker = "invited"
    private static let reason = "restored from a backup"

    /// Makes the backup what the host is to have.
    ///
    /// - Parameter running: The path of the present database; `nil` when there is none that can be read.
    /// - Returns: How many invites are revoked because it is unknown whether they may be good.
    func settle(with running: String?) throws -> Int {
        if let running { try database.execute(sql: "ATTACH ? AS running", arguments: [running]) }
        defer { if running != nil { try? database.execute(sql: "DETACH running") } }
        var revoked = 0
        try database.inTransaction {
            if running != nil {
                for table in ["invite", "redemption", "task"] { try keepNumbers(of: table) }
                try takeInvites()
                try takeRedemptions()
            }
            // Also those of a file that says something else.
            try database.execute(sql: Self.count)
            if !keepsOpen { revoked = try revokeUnknown(hasRunning: running != nil) }
            return .commit
        }
        return revoked
    }

    /// A number that was given since the backup was made is not given to anything else.
    private func keepNumbers(of table: String) throws {
        let last = try Int64.fetchOne(
            database, sql: "SELECT max(seq) FROM running.sqlite_sequence WHERE name = ?", arguments: [table])
        guard let last, last < 1 << 53 else { return }
        let known = try Int64.fetchOne(
            database, sql: "SELECT max(seq) FROM main.sqlite_sequence WHERE name = ?", arguments: [table])
        if known == nil {
            try database.execute(
                sql: "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, 0)", arguments: [table])
        }
        try database.execute(
            sql: "UPDATE main.sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", arguments: [last, table])
    }

    /// Invites in both get their present state. Those made since the backup are added if they were redeemed or
    /// reserved.
    private func takeInvites() throws {
        // An operator who restored without `--keep-open` may restore again with it: that undoes the revocations.
        let isUndone = ":keepsOpen AND r.revoked_by = '\(Self.revoker)' AND r.revoked_why = '\(Self.reason)'"
        try database.execute(
            sql: """
                UPDATE main.invite SET inviter = r.inviter, username = r.username, note = r.note, uses = r.uses,
                    revoked_at = iif(\(isUndone), NULL, r.revoked_at), revoked_by = iif(\(isUndone), NULL, r.revoked_by),
                    revoked_why = iif(\(isUndone), NULL, r.revoked_why),
                    expires_at = iif(:keepsOpen, main.invite.expires_at, min(main.invite.expires_at, r.expires_at))
                FROM running.invite AS r WHERE r.token = main.invite.token
                """, arguments: ["keepsOpen": keepsOpen])
        let columns = """
            token, kind, action, inviter, username, created_at, expires_at, created_by, note, language, uses, confirmed,
            reserved, used_at, revoked_at, revoked_by, revoked_why
            """
        try database.execute(
            sql: """
                INSERT INTO main.invite (id, \(columns))
                SELECT \(Self.number(in: "invite")), \(columns) FROM running.invite AS r
                WHERE (r.confirmed > 0 OR r.reserved > 0)
                    AND NOT EXISTS (SELECT 1 FROM main.invite AS m WHERE m.token = r.token)
                ORDER BY r.id
                """)
    }

    /// All that the present database has take the place of what the backup has of the same attempts.
    private func takeRedemptions() throws {
        // Forgetting a person changes the name of a contact's attempt.
        let isKnown = """
            attempt IN (SELECT attempt FROM running.redemption) OR kind = 'contact'
                AND id IN (SELECT r.id FROM running.redemption AS r WHERE r.attempt = 'forgotten:' || r.id)
            """
        try database.execute(
            sql: """
                DELETE FROM main.task WHERE redemption IN (SELECT id FROM main.redemption WHERE \(isKnown));
                DELETE FROM main.redemption WHERE \(isKnown);
                """)
        // An attempt of the backup whose end is long forgotten, while a present one reserves the same name.
        try database.execute(
            sql: """
                UPDATE main.redemption SET state = 'released', ended_at = ?, outcome = '\(Self.reason)',
                    deadline = NULL, next_question = NULL
                WHERE state = 'reserved' AND kind = 'register' AND account IN (
                    SELECT account FROM running.redemption WHERE state = 'reserved' AND kind = 'register')
                """, arguments: [now.millisecondsSinceEpoch])
        let columns = """
            attempt, kind, way, account, inviter, state, reserved_at, deadline, next_question, questions, ended_at, outcome
            """
        try database.execute(
            sql: """
                INSERT INTO main.redemption (id, invite, \(columns))
                SELECT \(Self.number(in: "redemption")), coalesce((
                    SELECT m.id FROM running.invite AS i JOIN main.invite AS m ON m.token = i.token
                    WHERE i.id = r.invite), r.invite), \(columns)
                FROM running.redemption AS r ORDER BY r.id
                """)
        try database.execute(
            sql: """
                INSERT INTO main.task (
                    id, redemption, action, user, other, language, tries, next_at, done_at, impossible)
                SELECT \(Self.number(in: "task")), m.id, r.action, r.user, r.other, r.language, r.tries, r.next_at,
                    r.done_at, r.impossible
                FROM running.task AS r JOIN running.redemption AS d ON d.id = r.redemption
                    JOIN main.redemption AS m ON m.attempt = d.attempt
                ORDER BY r.id
                """)
    }

    /// The number that a row `r` has, unless something else has it in the backup, as in one of another host.
    private static func number(in table: String) -> String {
        "iif(EXISTS (SELECT 1 FROM main.\(table) AS m WHERE m.id = r.id), NULL, r.id)"
    }

    private static let count = """
        UPDATE main.invite AS i SET
            confirmed = (SELECT count(*) FROM main.redemption AS r WHERE r.invite = i.id AND r.state = 'confirmed'),
            reserved = (SELECT count(*) FROM main.redemption AS r WHERE r.invite = i.id AND r.state = 'reserved'),
            used_at = (SELECT max(ended_at) FROM main.redemption AS r WHERE r.invite = i.id AND r.state = 'confirmed')
        WHERE confirmed <> 0 OR reserved <> 0 OR id IN (SELECT invite FROM main.redemption)
        """

    private func revokeUnknown(hasRunning: Bool) throws -> Int {
        let isUnknown =
            hasRunning ? "NOT EXISTS (SELECT 1 FROM running.invite AS r WHERE r.token = i.token)" : "TRUE"
        try database.execute(
            sql: """
                UPDATE main.invite AS i
                SET revoked_at = :at, revoked_by = '\(Self.revoker)', revoked_why = '\(Self.reason)'
                WHERE \(InviteDatabase.isGood) AND \(isUnknown)
                """, arguments: ["at": now.millisecondsSinceEpoch])
        return database.changesCount
    }
}
