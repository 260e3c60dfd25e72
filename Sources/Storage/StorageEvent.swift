/// An event of a host's storage that matters to its operators.
package struct StorageEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The file was removed while it was open, and has been written again from what was open.
        case writtenAgain(path: String)
        /// The file was removed while it was open, and cannot be written again now.
        case removed(path: String, reason: String)
        /// Another file was put in its place while it was open; what it held is in `copy`, if it could be read.
        case replaced(path: String, copy: String?)
        /// It was brought into a newer form.
        case converted(path: String)
    }

    package let host: String
    package let kind: Kind
}

extension StorageEvent: CustomStringConvertible {
    /// What happened, in one sentence without a full stop.
    package var description: String {
        switch kind {
        case .writtenAgain(let path):
            "\(path) was removed while it was open, and has been written again; nothing is lost"
        case .removed(let path, let reason):
            "\(path) was removed while it was open, and cannot be written again, which has to be done before the daemon ends: \(reason)"
        case .replaced(let path, let copy?):
            "\(path) was replaced while it was open; what it held before is in \(copy)"
        case .replaced(let path, nil):
            "\(path) was replaced while it was open, and what it held before cannot be read"
        case .converted(let path): "\(path) was brought up to date"
        }
    }
}
