internal import GRDB

extension Database {
    /// Runs `body` in a transaction as `inTransaction(.immediate)` does, but with cached statements: to prepare BEGIN
    /// and COMMIT each time takes as long as to insert one row.
    func inImmediateTransaction(_ body: () throws -> Void) throws {
        try cachedStatement(sql: Self.begin).execute()
        do {
            try body()
            try cachedStatement(sql: Self.commit).execute()
        } catch {
            // Some errors end it by themselves.
            if isInsideTransaction { try? rollback() }
            throw error
        }
    }

    /// What it executes.
    static var transactionStatements: [String] { [begin, commit] }

    private static let begin = "BEGIN IMMEDIATE TRANSACTION"
    private static let commit = "COMMIT TRANSACTION"
}
