package import Invites
package import Runtime

/// All that a host's database held at one moment, in a file without a name: it is removed with its last user.
package struct BackupFile: Sendable {
    package let file: OpenFile
    /// In bytes.
    package let size: Int
    /// How many invites are in it.
    package let count: Int
    package let madeAt: Timestamp
}

/// What is known of a file that may be restored.
package struct BackupSummary: Hashable, Sendable {
    /// How many invites are in it.
    package let count: Int
    /// When it was made; `nil` for a database that was copied by other means.
    package let madeAt: Timestamp?
}

/// What a restore has done.
package struct Restoration: Hashable, Sendable {
    /// How many invites there are now.
    package let count: Int
    /// Of them, those that are good in the backup and were not there any more, and therefore revoked.
    package let revoked: Int
    /// How many there were before; `nil` when that could not be read, or nothing was there.
    package let replaced: Int?
    /// The path of the replaced database; `nil` when there was none.
    package let kept: String?
}

/// Why a file is not taken for a backup of a host.
package enum BackupRefusal: Error, Hashable, Sendable {
    case empty
    /// More than so many bytes.
    case tooLong(Int)
    /// Not a database at all.
    case notDatabase
    /// It has fewer bytes than it says that it has.
    case cutOff(size: Int, expected: Int)
    /// A database, but none of invited, or one whose tables were altered.
    case foreign
    case newerSchema
    /// What SQLite, or invited, finds wrong in it.
    case damaged(String)
    /// It was made of another host.
    case otherHost(String)
    /// It does not say of which host it was made.
    case unnamedHost
}

extension BackupRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .tooLong(let limit): "the file is longer than \(limit >> 20) MiB"
        case .notDatabase: "the file is not an SQLite database"
        case .cutOff(let size, let expected): "the file was cut off: it has \(size) bytes of \(expected)"
        case .foreign: "the file is not a database as invited makes them"
        case .newerSchema: "the file was written by a newer version of invited"
        case .damaged(let reason): "the file is damaged: \(reason)"
        case .otherHost(let host): "the file is a backup of \(host)"
        case .unnamedHost: "the file does not say of which host it is: `host backup` has not made it"
        }
    }
}
