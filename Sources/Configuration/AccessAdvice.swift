import CXAttr
import Glibc
import Text

extension FileProblem {
    /// The message; where the user whose rights root checks with lacks rights, also how to grant them.
    ///
    /// - Parameters:
    ///   - path: The absolute path of what could not be read.
    ///   - isDirectory: Whether it was to be listed, not only read.
    ///   - user: The user; `nil` where the process itself is the one that uses the files.
    func message(_ path: String, isDirectory: Bool = false, for user: DaemonUser?) -> String {
        guard let user, code == EACCES else { return message }
        return "\(message); \(AccessAdvice.text(path, isDirectory: isDirectory, for: user))"
    }
}

/// Finds out why a user cannot read a file, and suggests a remedy.
///
/// A user who can put a link in a directory of the configuration could otherwise have root give them rights to any
/// file: no command is suggested for the target of a link that root does not own, nor for a file with other hard links.
enum AccessAdvice {
    /// The advice, in words that follow why the file cannot be read.
    static func text(_ path: String, isDirectory: Bool, for user: DaemonUser) -> String {
        var walk = AccessWalk(path, for: user)
        if let reason = walk.run(isDirectory: isDirectory) { return reason }
        return text(walk.obstacles, for: user)
    }

    static func text(_ obstacles: [AccessObstacle], for user: DaemonUser) -> String {
        guard !obstacles.isEmpty else {
            return "its permissions allow it to `\(user.name)`, and something else does not"
        }
        var commands: [String] = []
        var losses: [String] = []
        for obstacle in obstacles {
            switch obstacle.remedy(for: user) {
            case .words(let text): return text
            case .commands(let more, let loser):
                commands += more
                if let loser {
                    let group = DaemonUser.groupName(loser) ?? "\(loser)"
                    losses.append("`\(group)` loses its rights to \(obstacle.path)")
                }
            }
        }
        let mended = "`\(user.name)` may after `\(commands.joined(separator: " && "))`"
        return losses.isEmpty ? mended : "\(mended); the group \(losses.joined(separator: ", and "))"
    }
}

/// Follows an absolute path as the kernel would (path_resolution(7)), with root's rights, and asks at each step whether
/// the user could.
private struct AccessWalk {
    /// As many as the kernel follows.
    private static let mostLinks = 40

    private let user: DaemonUser
    /// The names still to be followed, the last first.
    private var names: [String] = []
    /// Where the walk is, a path without links; empty for the root directory.
    private var place = ""
    /// The directory that has the next entry; `nil` for the root directory.
    private var container: stat?
    private var links = 0
    private(set) var obstacles: [AccessObstacle] = []

    init(_ path: String, for user: DaemonUser) {
        self.user = user
        add(path)
    }

    /// - Returns: Why no command is suggested, in words that follow why the file cannot be read; otherwise `nil`, and
    ///   ``obstacles`` has what was found.
    mutating func run(isDirectory: Bool) -> String? {
        while let name = names.popLast() {
            if name == "." { continue }
            if name == ".." {
                place = place.isEmpty ? "" : Path.directory(of: place)
                if place == "/" { place = "" }
                continue
            }
            let path = "\(place)/\(name)"
            guard let entry = open(path), let status = try? entry.status() else { return nil }
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                guard status.st_uid == 0 else {
                    return """
                        root does not own a link that leads to it; let root own the link (`chown -h root`) or put the file \
                        itself there
                        """
                }
                links += 1
                guard links <= Self.mostLinks, let target = Self.target(of: entry) else { return nil }
                if target.utf8.first == UInt8(ascii: "/") { (place, container) = ("", nil) }
                add(target)
            case S_IFDIR:
                let isLast = names.isEmpty && isDirectory
                let isObstacle = judge(entry, status, path, needs: isLast ? S_IROTH | S_IXOTH : S_IXOTH)
                if isObstacle, mayBeSwapped(status) { return Self.swappable }
                place = path
                container = status
            default:
                let isObstacle = judge(entry, status, path, needs: S_IROTH)
                if isObstacle, mayBeSwapped(status) { return Self.swappable }
                return isObstacle && status.st_nlink > 1 ? Withholding.hardLinks.rawValue : nil
            }
        }
        return nil
    }

    private static let swappable = """
        others than root and it may put something else there, so look at it before you give it rights (`ls -l`)
        """

    /// Whether a user other than root and this one may put another entry in its place before a command is run.
    private func mayBeSwapped(_ entry: stat) -> Bool {
        guard let container else { return false }
        let trusted = [0, user.id]
        if !trusted.contains(container.st_uid) { return true }
        let isSticky = container.st_mode & S_ISVTX != 0 && trusted.contains(entry.st_uid)
        if container.st_mode & S_IWOTH != 0, !isSticky { return true }
        return container.st_mode & S_IWGRP != 0 && ![0, user.group].contains(container.st_gid) && !isSticky
    }

    private func open(_ path: String) -> Descriptor? {
        let number = user.asRoot { Glibc.open(path, Descriptor.pathOnly | O_NOFOLLOW | O_CLOEXEC) }
        return number < 0 ? nil : Descriptor(number)
    }

    @discardableResult
    private mutating func judge(_ entry: Descriptor, _ status: stat, _ path: String, needs needed: mode_t) -> Bool {
        guard !user.isAllowed(needed, entry) else { return false }
        let size = user.asRoot { lgetxattr(path, "system.posix_acl_access", nil, 0) }
        let obstacle = AccessObstacle(
            path: path, owner: status.st_uid, group: status.st_gid, mode: status.st_mode, needed: needed,
            hasAccessControlList: size > 0)
        // A path with links can pass a directory twice.
        if !obstacles.contains(obstacle) { obstacles.append(obstacle) }
        return true
    }

    private static func target(of link: Descriptor) -> String? {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlinkat(link.number, "", &text, text.count)
        guard length >= 0 else { return nil }
        return String(validating: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private mutating func add(_ path: String) {
        names += path.utf8.split(separator: UInt8(ascii: "/")).reversed().compactMap { String($0) }
    }
}
