internal import Glibc
internal import Synchronization

/// Room on a disk that is reserved for calls that free room: SQLite writes to its log before it removes anything, and
/// even before it reads. While it is released, nothing is added, so that only removals use it.
final class DiskReserve: Sendable {
    private enum State {
        case held
        /// Released, or there was no room for it.
        case missing
        /// The file system does not support it, or fails for other reasons than that it is full.
        case impossible
    }

    /// Enough for a transaction that removes a few rows, with the indexes that they are in, and for the log's index.
    static let standardSize = 512 << 10

    private let path: String
    private let size: Int
    private let state = Mutex(State.missing)

    init(_ path: String, size: Int = standardSize) {
        self.path = path
        self.size = size
        hold()
    }

    /// Makes the file unless it is there.
    ///
    /// - Returns: Whether invites may be added.
    @discardableResult func hold() -> Bool {
        state.withLock { state in
            if case .missing = state { state = make() }
            if case .missing = state { return false }
            return true
        }
    }

    /// Removes the file, which frees its room for the next write.
    ///
    /// - Returns: Whether there was something to release.
    func release() -> Bool {
        state.withLock { state in
            guard case .held = state, unlink(path) == 0 else { return false }
            state = .missing
            return true
        }
    }

    private func make() -> State {
        let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { return errno == ENOSPC || errno == EDQUOT ? .missing : .impossible }
        defer { close(file) }
        switch posix_fallocate(file, 0, off_t(size)) {
        case 0: return .held
        case ENOSPC, EDQUOT:
            unlink(path)
            return .missing
        default:
            unlink(path)
            return .impossible
        }
    }
}
