import GRDB
import TestSupport

/// A second connection to a host's database, as of another program.
struct SecondConnection {
    private let queue: DatabaseQueue

    init(_ path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.allowsUnsafeTransactions = true
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    func has(token: String) throws -> Bool {
        try queue.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM invite WHERE token = ?", arguments: [token]) == 1
        }
    }

    /// The kinds of all invites, in the order in which they were added.
    func kinds() throws -> [String] {
        try queue.read { try String.fetchAll($0, sql: "SELECT kind FROM invite ORDER BY id") }
    }

    /// Keeps all other connections from writing.
    func lock() throws {
        try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    }

    func unlock() throws {
        try queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    }
}
