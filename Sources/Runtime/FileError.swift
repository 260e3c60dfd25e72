internal import Glibc

/// Why a file or a directory could not be used.
package enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process, or another object of this one, holds the lock.
    case taken
    /// Something else than a regular file has the name: a link, a FIFO, a device, a socket or a directory.
    case notRegular
    /// The system refused to do what the text says, to follow "cannot", with this error number.
    case system(CInt, String)

    /// The system's error number, if it was the system that refused.
    package var code: CInt? { if case .system(let code, _) = self { code } else { nil } }

    package var description: String {
        switch self {
        case .taken: "another process uses it"
        case .notRegular: "it is not a regular file"
        case .system(let code, let attempt): "cannot \(attempt): \(String(cString: strerror(code)))"
        }
    }
}
