internal import GRDB
internal import Invites

/// Queries about people, and who invited whom.
extension InviteDatabase {
    func latestRedemptions(of account: Account, limit: Int, on host: String) throws -> [Redemption] {
        try access { database in
            try Self.redemptions(
                "WHERE account = :address OR account = :localpart ORDER BY id DESC LIMIT :limit",
                [
                    "address": account.description, "localpart": account.domain == host ? account.localpart : nil,
                    "limit": limit,
                ], database)
        }
    }

    func invites(for username: String, limit: Int) throws -> [StoredInvite] {
        try access { database in
            let select = try database.cachedStatement(
                sql: "\(Self.selection) WHERE username = ? ORDER BY id DESC LIMIT ?")
            return try Row.fetchAll(select, arguments: [username, limit]).map(StoredInvite.init(row:))
        }
    }

    // MARK: The tree

    /// The redemption by which an account was made. An inviter has an account before the invite is redeemed, so its
    /// number is less than those of the invitees, and there are no cycles.
    private static let isRegistration = "kind = 'register' AND state = 'confirmed'"

    func invitees(of inviter: Account, after start: Int64, before end: Int64, limit: Int) throws -> [Redemption] {
        try access { database in
            try Self.redemptions(
                "WHERE inviter = ? AND id > ? AND id < ? AND \(Self.isRegistration) ORDER BY id LIMIT ?",
                [inviter.description, start, end, limit], database)
        }
    }

    func registrations(of username: String, after start: Int64, limit: Int) throws -> [Redemption] {
        try access { database in
            try Self.redemptions(
                "WHERE account = ? AND id > ? AND \(Self.isRegistration) ORDER BY id LIMIT ?",
                [username, start, limit], database)
        }
    }

    func roots(after start: Int64, limit: Int, on host: String) throws -> RedemptionPage {
        try access { database in
            let end = try Self.endOfRedemptions(after: start, database)
            let found = try Self.redemptions(
                """
                AS r WHERE id > :start AND id <= :end AND \(Self.isRegistration) AND (inviter IS NULL OR (
                    NOT EXISTS (
                        SELECT 1 FROM redemption AS p WHERE p.account = iif(
                            substr(r.inviter, -length(:suffix)) = :suffix,
                            substr(r.inviter, 1, length(r.inviter) - length(:suffix)), NULL)
                        AND p.id < r.id AND p.kind = 'register' AND p.state = 'confirmed')
                    AND NOT EXISTS (
                        SELECT 1 FROM redemption AS q WHERE q.inviter = r.inviter AND q.id < r.id
                        AND q.kind = 'register' AND q.state = 'confirmed')))
                ORDER BY id LIMIT :limit
                """,
                ["start": start, "end": end ?? .max, "suffix": "@\(host)", "limit": limit], database)
            return RedemptionPage(found, next: found.count < limit ? end : found.last?.number)
        }
    }

    // MARK: Rows of a person

    func tasks(concerning account: Account, after start: Int64) throws -> (tasks: [RecordedTask], next: Int64?) {
        try access { database in
            let select = try database.cachedStatement(
                sql: "SELECT id FROM task WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?")
            let end = try Int64.fetchOne(select, arguments: [start, Self.rowsPerStretch - 1])
            let found = try Self.tasks(
                "WHERE id > :start AND id <= :end AND (user = :address OR other = :address) ORDER BY id",
                ["start": start, "end": end ?? .max, "address": account.description], database)
            return (found, end)
        }
    }

    /// As ``RedemptionRepository/erase(_:_:)``.
    func erase(_ account: Account, _ revocation: Revocation, on host: String) throws -> Erasure {
        let address = account.description
        let localpart = account.domain == host ? account.localpart : nil
        return try access { database in
            var erasure = Erasure()
            try database.inTransaction(.immediate) {
                let arguments: StatementArguments = ["address": address, "localpart": localpart]
                let isTheirs = "(inviter = :address OR username = :localpart)"
                // Expired ones, too: without the name, they would be for any name once extended.
                erasure.revoked = try Int64.fetchAll(
                    database,
                    sql: """
                        SELECT id FROM invite WHERE \(isTheirs) AND revoked_at IS NULL AND confirmed < uses ORDER BY id
                        """, arguments: arguments)
                for number in erasure.revoked { try Self.revoke(number, revocation, database) }
                try database.execute(
                    sql: """
                        UPDATE invite SET inviter = iif(inviter = :address, NULL, inviter),
                            username = iif(username = :localpart, NULL, username) WHERE \(isTheirs)
                        """, arguments: arguments)
                erasure.invites = database.changesCount
                let changes = try Self.forget(address, localpart, database)
                erasure.redemptions = changes[0] + changes[1]
                erasure.tasks = changes[2]
                erasure.kept = try Int64.fetchAll(
                    database,
                    sql: "SELECT id FROM redemption WHERE account = :address OR account = :localpart ORDER BY id",
                    arguments: arguments)
                return .commit
            }
            return erasure
        }
    }
}
