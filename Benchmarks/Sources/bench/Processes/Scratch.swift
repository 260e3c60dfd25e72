import Foundation

/// A directory for everything that a run writes, on a disk and not in memory: what is measured waits for `fdatasync`.
struct Scratch: Sendable {
    let root: URL
    private let keep: Bool

    init(keep: Bool) throws {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        root = URL(filePath: parent).appending(path: "invited-bench-\(getpid())")
        self.keep = keep
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        // The servers run as users of their own and pass through.
        guard chmod(root.path, 0o755) == 0 else { throw BenchError("cannot chmod \(root.path)") }
    }

    /// A fresh directory in it, handed to a user if that is not us.
    func directory(_ name: String, owner: UnprivilegedUser? = nil) throws -> URL {
        let url = root.appending(path: name)
        try? FileManager.default.removeItem(at: url)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        if let owner { try owner.own(url) }
        return url
    }

    func remove() {
        if !keep { try? FileManager.default.removeItem(at: root) }
    }
}
