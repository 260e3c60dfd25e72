import Foundation

/// What else than a regular file can be where one should be.
package enum Obstacle: CaseIterable, Sendable {
    case fifo, directory, link, danglingLink, socket, device

    /// - Parameter target: A regular file, for a link.
    package func make(at path: String, target: String) throws {
        let isMade =
            switch self {
            case .fifo: mkfifo(path, 0o600) == 0
            case .directory: mkdir(path, 0o700) == 0
            case .link: symlink(target, path) == 0
            case .danglingLink: symlink(target + ".nowhere", path) == 0
            case .socket: mknod(path, S_IFSOCK | 0o600, 0) == 0
            // /dev/zero, which never ends.
            case .device: mknod(path, S_IFCHR | 0o600, 1 << 8 | 5) == 0
            }
        guard isMade else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    /// Those that can be made here: a device takes root.
    package static var possible: [Obstacle] { allCases.filter { $0 != .device || geteuid() == 0 } }
}
