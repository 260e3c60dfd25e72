import Foundation

/// Runs a server as an unprivileged user: Prosody refuses to run as root, and no server needs to.
struct UnprivilegedUser: Sendable {
    private let name: String?

    /// The first of these users that exists, or ourselves when we are not root.
    init(_ candidates: String...) {
        name = geteuid() == 0 ? candidates.first { getpwnam($0) != nil } : nil
    }

    /// The command line that runs a program as this user.
    func command(_ executable: String, _ arguments: [String]) -> (executable: String, arguments: [String]) {
        guard let name else { return (executable, arguments) }
        let group = getpwnam(name).map { String($0.pointee.pw_gid) } ?? name
        return (
            "/usr/bin/setpriv",
            ["--reuid", name, "--regid", group, "--clear-groups", executable] + arguments
        )
    }

    /// Hands a file or a directory and all in it to this user.
    func own(_ url: URL) throws {
        guard let name, let entry = getpwnam(name)?.pointee else { return }
        var paths = [url.path]
        if let below = FileManager.default.enumerator(atPath: url.path) {
            paths += below.compactMap { ($0 as? String).map { url.appending(path: $0).path } }
        }
        for path in paths where chown(path, entry.pw_uid, entry.pw_gid) != 0 {
            throw BenchError("cannot give \(path) to \(name)")
        }
    }
}
