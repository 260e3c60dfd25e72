internal import GRDB
internal import Invites

/// Redemptions and tasks as rows. Static functions run in the caller's transaction, the others in their own.
extension InviteDatabase {
    static func invite(withToken token: Token, _ database: Database) throws -> StoredInvite? {
        let select = try database.cachedStatement(sql: "\(selection) WHERE token = ?")
        return try Row.fetchOne(select, arguments: [token.text]).map(StoredInvite.init(row:))
    }

    // MARK: Redemptions

    static let redemptionSelection = """
        SELECT id, invite, attempt, kind, way, account, inviter, state, reserved_at, deadline, next_question, questions,
            ended_at, outcome FROM redemption
        """

    static func redemption(ofAttempt attempt: String, _ database: Database) throws -> Redemption? {
        try redemptions("WHERE attempt = ?", [attempt], database).first
    }

    /// The reservation that holds a name.
    static func reservation(ofName name: String, _ database: Database) throws -> Redemption? {
        try redemptions("WHERE account = ? AND state = 'reserved' AND kind = 'register'", [name], database).first
    }

    /// The account that was made with an invite.
    static func registration(
        of username: String, with invite: Int64, _ database: Database
    ) throws -> Redemption? {
        try redemptions(
            "WHERE account = ? AND kind = 'register' AND state = 'confirmed' AND invite = ? ORDER BY id DESC LIMIT 1",
            [username, invite], database
        ).first
    }

    static func redemptions(
        _ condition: String, _ arguments: StatementArguments, _ database: Database
    ) throws -> [Redemption] {
        let select = try database.cachedStatement(sql: "\(redemptionSelection) \(condition)")
        return try Row.fetchAll(select, arguments: arguments).map(Redemption.init(row:))
    }

    /// Inserts a redemption without a number, or updates the one with its number.
    ///
    /// - Returns: The same with its number.
    static func write(_ redemption: Redemption, _ database: Database) throws -> Redemption {
        var (deadline, next, ended): (Timestamp?, Timestamp?, Timestamp?)
        var (questions, outcome): (Int, String?) = (0, nil)
        let state: String
        switch redemption.state {
        case .reserved(let until, let time, let count):
            (state, deadline, next, questions) = ("reserved", until, time, count)
        case .confirmed(let time): (state, ended) = ("confirmed", time)
        case .released(let time, let reason): (state, ended, outcome) = ("released", time, reason)
        }
        let columns: StatementArguments = [
            redemption.invite, redemption.attempt, redemption.kind.rawValue, redemption.way.rawValue,
            redemption.account, redemption.inviter?.description, state, redemption.reservedAt.millisecondsSinceEpoch,
            deadline?.millisecondsSinceEpoch, next?.millisecondsSinceEpoch, questions, ended?.millisecondsSinceEpoch,
            outcome,
        ]
        let names = """
            (invite, attempt, kind, way, account, inviter, state, reserved_at, deadline, next_question, questions, ended_at,
            outcome)
            """
        let values = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        if redemption.number == 0 {
            try database.cachedStatement(sql: "INSERT INTO redemption \(names) VALUES \(values)")
                .execute(arguments: columns)
        } else {
            try database.cachedStatement(sql: "UPDATE redemption SET \(names) = \(values) WHERE id = ?")
                .execute(arguments: columns + [redemption.number])
        }
        if redemption.number != 0 { return redemption }
        return Redemption(
            number: database.lastInsertedRowID, invite: redemption.invite, attempt: redemption.attempt,
            kind: redemption.kind, way: redemption.way, account: redemption.account, inviter: redemption.inviter,
            reservedAt: redemption.reservedAt, state: redemption.state)
    }

    // MARK: Tasks

    static let taskSelection = """
        SELECT id, redemption, action, user, other, language, tries, next_at, done_at, impossible FROM task
        """

    static func tasks(
        _ condition: String, _ arguments: StatementArguments, _ database: Database
    ) throws -> [RecordedTask] {
        let select = try database.cachedStatement(sql: "\(taskSelection) \(condition)")
        return try Row.fetchAll(select, arguments: arguments).map(RecordedTask.init(row:))
    }

    /// The latest task of a redemption that does this.
    static func lastTask(
        _ action: RedemptionTask.Action, of redemption: Int64, _ database: Database
    ) throws -> RecordedTask? {
        try tasks("WHERE redemption = ? ORDER BY id DESC", [redemption], database).first { $0.task.action == action }
    }

    static func addTask(
        _ action: RedemptionTask.Action, of redemption: Int64, language: String?, at now: Timestamp,
        _ database: Database
    ) throws {
        let columns = action.columns
        let insert = try database.cachedStatement(
            sql: "INSERT INTO task (redemption, action, user, other, language, next_at) VALUES (?, ?, ?, ?, ?, ?)")
        try insert.execute(arguments: [
            redemption, columns.action, columns.user.description, columns.other.description, language,
            now.millisecondsSinceEpoch,
        ])
    }

    static func record(_ outcome: TaskOutcome, of task: Int64, at now: Timestamp, _ database: Database) throws {
        let time = now.millisecondsSinceEpoch
        switch outcome {
        case .done, .impossible:
            let reason: String? = if case .impossible(let reason) = outcome { String(reason.prefix(200)) } else { nil }
            let update = try database.cachedStatement(
                sql: "UPDATE task SET done_at = ?, impossible = ? WHERE id = ? AND done_at IS NULL")
            try update.execute(arguments: [time, reason, task])
        case .later(let next):
            let update = try database.cachedStatement(
                sql: "UPDATE task SET next_at = ?, tries = tries + 1 WHERE id = ? AND done_at IS NULL")
            try update.execute(arguments: [next.millisecondsSinceEpoch, task])
        }
    }
}

extension InviteDatabase {
    static func hasten(at now: Timestamp, _ database: Database) throws {
        let arguments: StatementArguments = ["now": now.millisecondsSinceEpoch]
        try database.cachedStatement(
            sql: "UPDATE task SET next_at = :now WHERE done_at IS NULL AND next_at > :now"
        ).execute(arguments: arguments)
        // Before its deadline, an account may be about to be made.
        try database.cachedStatement(
            sql: """
                UPDATE redemption SET next_question = :now
                WHERE state = 'reserved' AND next_question > :now AND deadline <= :now
                """
        ).execute(arguments: arguments)
    }
}

// MARK: - Looking

extension InviteDatabase {
    /// As ``RedemptionRepository/dueWork(at:limit:)``.
    func dueWork(at now: Timestamp, limit: Int) throws -> DueWork {
        try access { database in
            // One more than the limit shows when the next is due.
            let questions = try Self.redemptions(
                "WHERE state = 'reserved' ORDER BY next_question LIMIT ?", [limit + 1], database)
            let tasks = try Self.tasks("WHERE done_at IS NULL ORDER BY next_at LIMIT ?", [limit + 1], database)
                .map(\.task)
            var due = DueWork()
            due.questions = questions.prefix(limit).filter { ($0.nextQuestion ?? now) <= now }
            due.tasks = tasks.prefix(limit).filter { $0.next <= now }
            due.next = [
                questions.dropFirst(due.questions.count).first?.nextQuestion,
                tasks.dropFirst(due.tasks.count).first?.next,
            ].compactMap(\.self).min()
            return due
        }
    }

    func isHeld(_ username: String, at now: Timestamp) throws -> Bool {
        try access { try Self.isHeld(username, at: now, $0) }
    }

    func heldUsernames(limit: Int, at now: Timestamp) throws -> [String] {
        try access { database in
            let select = try database.cachedStatement(
                sql: """
                    SELECT username FROM invite WHERE username IS NOT NULL AND kind <> 'reset' AND \(Self.isGood)
                    ORDER BY expires_at DESC LIMIT :limit
                    """)
            return try String.fetchAll(select, arguments: ["at": now.millisecondsSinceEpoch, "limit": limit])
        }
    }

    func firstEndOfHeldUsernames(at now: Timestamp) throws -> Timestamp? {
        try access { database in
            let select = try database.cachedStatement(
                sql: """
                    SELECT min(expires_at) FROM invite
                    WHERE username IS NOT NULL AND kind <> 'reset' AND \(Self.isGood)
                    """)
            return try Int64.fetchOne(select, arguments: ["at": now.millisecondsSinceEpoch])
                .map { Timestamp(millisecondsSinceEpoch: $0) }
        }
    }

    func redemptions(of invite: Int64, limit: Int) throws -> [Redemption] {
        try access { try Self.redemptions("WHERE invite = ? ORDER BY id LIMIT ?", [invite, limit], $0) }
    }

    func tasks(of redemption: Int64) throws -> [RecordedTask] {
        try access { try Self.tasks("WHERE redemption = ? ORDER BY id", [redemption], $0) }
    }

    func redemptions(_ filter: RedemptionFilter, after start: Int64, limit: Int) throws -> RedemptionPage {
        try access { database in
            let end = try Self.endOfRedemptions(after: start, database)
            let found = try Self.redemptions(
                """
                WHERE id > :start AND id <= :end
                    AND (:inviter IS NULL OR inviter = :inviter)
                    AND (:account IS NULL OR account = :account)
                    AND (:confirmed IS NULL OR (state = 'confirmed') = :confirmed)
                ORDER BY id LIMIT :limit
                """,
                [
                    "start": start, "end": end ?? .max, "inviter": filter.inviter?.description,
                    "account": filter.account, "confirmed": filter.isConfirmed, "limit": limit,
                ], database)
            return RedemptionPage(found, next: found.count < limit ? end : found.last?.number)
        }
    }

    /// The last number of a call's share of rows; `nil` when nothing is left after it.
    static func endOfRedemptions(after start: Int64, _ database: Database) throws -> Int64? {
        let select = try database.cachedStatement(
            sql: "SELECT id FROM redemption WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?")
        return try Int64.fetchOne(select, arguments: [start, rowsPerStretch - 1])
    }

    func removeReleased(endedBy time: Timestamp, after start: Int64) throws -> InviteTally {
        try access { database in
            let end = try Self.endOfRedemptions(after: start, database)
            var count = 0
            try database.inTransaction(.immediate) {
                let range: StatementArguments = [start, end ?? .max, time.millisecondsSinceEpoch]
                try database.cachedStatement(
                    sql: "DELETE FROM task WHERE redemption > ? AND redemption <= ? AND done_at <= ?"
                ).execute(arguments: range)
                try database.cachedStatement(
                    sql: "DELETE FROM redemption WHERE id > ? AND id <= ? AND ended_at <= ? AND state = 'released'"
                ).execute(arguments: range)
                count = database.changesCount
                return .commit
            }
            return InviteTally(count: count, next: end)
        }
    }
}

// MARK: - Taking back

extension InviteDatabase {
    func revoke(_ numbers: [Int64], _ revocation: Revocation) throws -> [StoredInvite] {
        try access { database in
            var revoked: [StoredInvite] = []
            try database.inTransaction(.immediate) {
                for number in numbers {
                    guard let old = try Self.invite(numbered: number, database),
                        ![.revoked, .used].contains(old.invite.state(at: revocation.at))
                    else { continue }
                    try Self.revoke(number, revocation, database)
                    if let new = try Self.invite(numbered: number, database) { revoked.append(new) }
                }
                return .commit
            }
            return revoked
        }
    }

    static func revoke(_ number: Int64, _ revocation: Revocation, _ database: Database) throws {
        try database.cachedStatement(
            sql: "UPDATE invite SET revoked_at = ?, revoked_by = ?, revoked_why = ? WHERE id = ?"
        ).execute(arguments: [revocation.at.millisecondsSinceEpoch, revocation.by, revocation.why, number])
    }

    /// As ``RedemptionRepository/reinstate(_:at:)``.
    func reinstate(_ numbers: [Int64], at now: Timestamp) throws -> Int {
        try access { database in
            var count = 0
            try database.inTransaction(.immediate) {
                for number in numbers {
                    guard let old = try Self.invite(numbered: number, database)?.invite, old.revocation != nil else {
                        continue
                    }
                    if let name = old.fixedUsername, try Self.isHeld(name, exceptBy: number, at: now, database) {
                        continue
                    }
                    try database.cachedStatement(
                        sql: "UPDATE invite SET revoked_at = NULL, revoked_by = NULL, revoked_why = NULL WHERE id = ?"
                    ).execute(arguments: [number])
                    count += 1
                }
                return .commit
            }
            return count
        }
    }

    func release(
        reservationsOf invite: Int64, reason: String, at now: Timestamp, on host: String
    ) throws -> [Redemption] {
        try access { database in
            var released: [Redemption] = []
            try database.inTransaction(.immediate) {
                var redeeming = Redeeming(database, host: host, now: now)
                for redemption in try Self.redemptions(
                    "WHERE invite = ? AND state = 'reserved' ORDER BY id", [invite], database)
                {
                    released.append(try redeeming.release(redemption, reason))
                }
                return .commit
            }
            return released
        }
    }

    /// As ``RedemptionRepository/forget(_:_:)``.
    func forget(_ account: Account, _ revocation: Revocation, on host: String) throws -> Int {
        let address = account.description
        let localpart = account.domain == host ? account.localpart : nil
        return try access { database in
            var count = 0
            try database.inTransaction(.immediate) {
                // No index has the inviters of all: an account is deleted less often than an invite is made.
                let select = try database.cachedStatement(
                    sql: """
                        SELECT id FROM invite
                        WHERE \(Self.isGood) AND (inviter = :address OR kind = 'reset' AND username = :localpart)
                        """)
                let numbers = try Int64.fetchAll(
                    select,
                    arguments: [
                        "at": revocation.at.millisecondsSinceEpoch, "address": address, "localpart": localpart,
                    ])
                for number in numbers { try Self.revoke(number, revocation, database) }
                count = numbers.count
                try Self.forget(address, localpart, database)
                return .commit
            }
            return count
        }
    }

    /// - Returns: How many rows each of the three tables' statements has changed: accounts, inviters, tasks.
    @discardableResult static func forget(
        _ address: String, _ localpart: String?, _ database: Database
    ) throws -> [Int] {
        // The name of a contact's attempt contains the address. A reservation is of an account that does not exist yet.
        let statements = [
            """
            UPDATE redemption SET account = NULL, attempt = iif(kind = 'contact', 'forgotten:' || id, attempt)
            WHERE state <> 'reserved' AND (account = :localpart AND kind <> 'contact' OR account = :address AND kind = 'contact')
            """,
            "UPDATE redemption SET inviter = NULL WHERE inviter = :address",
            // Those that are done, too: they have the address in them.
            """
            DELETE FROM task WHERE (user = :address OR other = :address) AND redemption IN (
                SELECT id FROM redemption WHERE state <> 'reserved')
            """,
        ]
        return try statements.map { sql in
            var arguments: StatementArguments = ["address": address]
            if sql.contains(":localpart") { arguments += ["localpart": localpart] }
            try database.cachedStatement(sql: sql).execute(arguments: arguments)
            return database.changesCount
        }
    }
}

// MARK: - Reading

extension Redemption {
    /// - Throws: ``StoreError/corrupt`` when a value cannot be.
    fileprivate init(row: Row) throws {
        guard let number = Int64.fromDatabaseValue(row[0]), let invite = Int64.fromDatabaseValue(row[1]),
            let attempt = String.fromDatabaseValue(row[2]),
            let kind = String.fromDatabaseValue(row[3]).flatMap(Kind.init(rawValue:)),
            let way = String.fromDatabaseValue(row[4]).flatMap(Way.init(rawValue:)),
            let reservedAt = Timestamp(row[8]), let questions = Int.fromDatabaseValue(row[11])
        else { throw StoreError.corrupt }
        let state: State
        switch (String.fromDatabaseValue(row[7]), Timestamp(row[9]), Timestamp(row[10]), Timestamp(row[12])) {
        case ("reserved", let deadline?, let next?, nil):
            state = .reserved(deadline: deadline, nextQuestion: next, questions: questions)
        case ("confirmed", _, _, let ended?): state = .confirmed(ended)
        case ("released", _, _, let ended?):
            state = .released(ended, reason: String.fromDatabaseValue(row[13]) ?? "")
        default: throw StoreError.corrupt
        }
        self.init(
            number: number, invite: invite, attempt: attempt, kind: kind, way: way,
            account: String.fromDatabaseValue(row[5]), inviter: try Account(stored: row[6]), reservedAt: reservedAt,
            state: state)
    }
}

extension RecordedTask {
    /// - Throws: ``StoreError/corrupt`` when a value cannot be.
    fileprivate init(row: Row) throws {
        guard let number = Int64.fromDatabaseValue(row[0]), let redemption = Int64.fromDatabaseValue(row[1]),
            let name = String.fromDatabaseValue(row[2]), let user = try Account(stored: row[3]),
            let other = try Account(stored: row[4]), let tries = Int.fromDatabaseValue(row[6]),
            let next = Timestamp(row[7]), let action = RedemptionTask.Action(name, user: user, other: other)
        else { throw StoreError.corrupt }
        self.init(
            RedemptionTask(
                number: number, redemption: redemption, action: action, language: String.fromDatabaseValue(row[5]),
                tries: tries, next: next),
            doneAt: Timestamp(row[8]), impossible: String.fromDatabaseValue(row[9]))
    }
}

extension RedemptionTask.Action {
    fileprivate var columns: (action: String, user: Account, other: Account) {
        switch self {
        case .contacts(let user, let contact): ("contacts", user, contact)
        case .notify(let inviter, let account): ("notify", inviter, account)
        }
    }

    fileprivate init?(_ name: String, user: Account, other: Account) {
        switch name {
        case "contacts": self = .contacts(user: user, contact: other)
        case "notify": self = .notify(inviter: user, account: other)
        default: return nil
        }
    }
}
