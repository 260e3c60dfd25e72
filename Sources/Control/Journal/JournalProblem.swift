internal import Runtime

/// Why the journal cannot be read or written.
struct JournalProblem: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// - Parameter path: What could not be used.
    init(_ error: FileError, _ path: String) {
        switch error {
        case .taken: self.init("another process writes the journal in \(path)")
        case .notRegular: self.init("\(path) is not a regular file")
        case .system: self.init(error.description)
        }
    }
}
