internal import GRDB
internal import Glibc
internal import Runtime

/// Why a host's storage did not do what it was asked to.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no room left on the disk, except for calls that free room.
    case full
    /// What is stored is damaged, or nothing that was stored by invited.
    case corrupt
    /// The file is a database of another program.
    case foreign
    /// A newer version of invited has written the database, with a schema that this one does not know.
    case newerSchema
    /// Another program holds the database's lock.
    case locked
    /// The process may not open more files, which is not the host's fault.
    case tooManyOpenFiles
    /// What was stored was replaced while it was in use. The text says by what, and where it is now.
    case replaced(String)
    /// What was stored was removed while it was in use, and cannot be written again now. The text says why.
    case removed(String)
    /// Anything else that the file system or the database has refused. The text has neither tokens nor SQL in it.
    case io(String)
    /// Too many rows of this host wait to be written already. Nothing of the call was accepted.
    case overloaded
    /// Another backup or restore of the host is at work on its file.
    case busy
    /// The databases have been shut down.
    case closed
    /// Another process uses the state directory, which is named here.
    case directoryInUse(String)
}

extension StoreError: CustomStringConvertible {
    /// The reason in a few English words, for the log.
    package var description: String {
        switch self {
        case .full: "the disk is full"
        case .corrupt: "the database file is damaged or not a database"
        case .foreign: "the file is a database of another program"
        case .newerSchema: "the database was written by a newer version of invited"
        case .locked: "another program has locked the database"
        case .tooManyOpenFiles: "too many files are open"
        case .io(let reason), .replaced(let reason), .removed(let reason): reason
        case .overloaded: "too many invites of this host wait to be written"
        case .busy: "another backup or restore of this host is at work"
        case .closed: "the databases have been shut down"
        case .directoryInUse(let directory): "the state directory \(directory) is in use by another invited"
        }
    }
}

extension StoreError {
    /// The meaning of an error thrown by GRDB or by this module.
    ///
    /// - Parameter path: The database's.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(error, path)
        default: self = .io("\(path): \(error)")
        }
    }

    private init(_ error: DatabaseError, _ path: String) {
        switch (error.resultCode, error.extendedResultCode) {
        case (.SQLITE_FULL, _), (_, .SQLITE_IOERR_SHMSIZE): self = .full
        case (.SQLITE_CORRUPT, _), (.SQLITE_NOTADB, _): self = .corrupt
        case (.SQLITE_BUSY, _), (.SQLITE_LOCKED, _): self = .locked
        // It may have needed a temporary file.
        case (.SQLITE_CANTOPEN, _) where !FileLimit.hasRoom(for: 1): self = .tooManyOpenFiles
        default:
            // SQLite does not report the system's reason.
            let reason = FileObstacle.reason(ofDatabase: path)
            self = .io(
                reason
                    ?? "\(path): \(error.message ?? "no message of SQLite") (SQLite \(error.extendedResultCode.rawValue))"
            )
        }
    }

    /// The meaning of a failed system call.
    ///
    /// - Parameters:
    ///   - number: `errno` as the call left it.
    ///   - attempt: What was tried, to follow "cannot".
    init(errno number: CInt, attempt: String) {
        switch number {
        case ENOSPC, EDQUOT: self = .full
        case EMFILE, ENFILE: self = .tooManyOpenFiles
        default: self = .io("cannot \(attempt): \(String(cString: strerror(number)))")
        }
    }

    /// The meaning of a failure to use a file or a directory.
    init(_ error: FileError) {
        switch error {
        case .system(let number, let attempt): self.init(errno: number, attempt: attempt)
        case .taken, .notRegular: self = .io(error.description)
        }
    }

    /// Whether the connection that reported this error is better given up: what it believes about its file may no
    /// longer be so.
    var spoilsConnection: Bool {
        switch self {
        case .corrupt, .foreign, .newerSchema, .io: true
        case .full, .locked, .tooManyOpenFiles, .replaced, .removed, .overloaded, .busy, .closed, .directoryInUse: false
        }
    }
}
