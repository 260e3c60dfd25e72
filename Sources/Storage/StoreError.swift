internal import GRDB
internal import Glibc
internal import Runtime

/// Why a host's store did not do what it was asked to.
public enum StoreError: Error, Hashable, Sendable {
    /// There is no room left on the disk (`SQLITE_FULL`, `ENOSPC`, `EDQUOT`).
    case full
    /// The file is damaged or no database at all (`SQLITE_CORRUPT`, `SQLITE_NOTADB`).
    case corrupt
    /// The file is a database of another program.
    case foreign
    /// A newer version of invited has written the database, with a schema that this one does not know.
    case newerSchema
    /// Another program holds the database's lock (`SQLITE_BUSY`, `SQLITE_LOCKED`).
    case locked
    /// One of the tokens to be added is in the store already. None of that call's invites was added.
    case duplicate
    /// The process may not open more files (`EMFILE`, `ENFILE`), which is not the host's fault.
    case tooManyOpenFiles
    /// Anything else that the file system or SQLite has refused. The text has neither tokens nor SQL in it.
    case io(String)
    /// Too many rows of this host wait to be written already. Nothing of the call was accepted.
    case overloaded
    /// The databases have been shut down.
    case closed
    /// Another process uses the state directory, which is named here.
    case directoryInUse(String)
}

extension StoreError: CustomStringConvertible {
    /// The reason in a few English words, for the log.
    public var description: String {
        switch self {
        case .full: "the disk is full"
        case .corrupt: "the database file is damaged or not a database"
        case .foreign: "the file is a database of another program"
        case .newerSchema: "the database was written by a newer version of invited"
        case .locked: "another program has locked the database"
        case .duplicate: "the token is in the database already"
        case .tooManyOpenFiles: "too many files are open"
        case .io(let reason): reason
        case .overloaded: "too many invites of this host wait to be written"
        case .closed: "the databases have been shut down"
        case .directoryInUse(let directory): "the state directory \(directory) is in use by another invited"
        }
    }
}

extension StoreError {
    /// Tells what an error thrown by GRDB or by this room means.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(error)
        default: self = .io("\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        self =
            switch (error.resultCode, error.extendedResultCode) {
            case (.SQLITE_FULL, _), (_, .SQLITE_IOERR_SHMSIZE): .full
            case (.SQLITE_CORRUPT, _), (.SQLITE_NOTADB, _): .corrupt
            case (.SQLITE_BUSY, _), (.SQLITE_LOCKED, _): .locked
            case (_, .SQLITE_CONSTRAINT_UNIQUE): .duplicate
            // It may have wanted a temporary file.
            case (.SQLITE_CANTOPEN, _) where !FileLimit.hasRoom(for: 1): .tooManyOpenFiles
            default:
                .io("SQLite: \(error.message ?? "no message") (\(error.extendedResultCode.rawValue))")
            }
    }

    /// Tells what a failed system call means.
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

    /// Whether the connection that reported this error is better given up: what it believes about its file may no
    /// longer be so.
    var spoilsConnection: Bool {
        switch self {
        case .corrupt, .foreign, .newerSchema, .io: true
        case .full, .locked, .duplicate, .tooManyOpenFiles, .overloaded, .closed, .directoryInUse: false
        }
    }
}
