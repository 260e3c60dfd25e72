internal import Glibc
internal import Runtime
internal import Synchronization

/// A file that is being received, beside the databases. It is removed with its last user, unless it was given a host's place.
///
/// All functions wait for the disk.
package final class IncomingBackup: Sendable {
    /// The longest file that is taken, in bytes: some four million invites.
    package static let longest = 1 << 30

    private struct State: Sendable {
        var file: OpenFile?
        var size = 0
        /// How long it may become: what its header says, once that is received.
        var longest: Int
        /// The size up to which there was room on the disk at the last check.
        var checked = 0
    }

    let path: String
    private let directory: StateDirectory
    private let limit: Int
    private let state: Mutex<State>
    private static let stretch = 1 << 20

    init(in directory: StateDirectory, limit: Int = IncomingBackup.longest) throws(StoreError) {
        self.directory = directory
        self.limit = limit
        path = directory.temporaryPath()
        do throws(FileError) {
            state = Mutex(State(file: try OpenFile(path, O_RDWR | O_CREAT | O_EXCL), longest: limit))
        } catch {
            throw StoreError(error)
        }
    }

    deinit {
        // Closed first: closing a file releases SQLite's locks on it.
        state.withLock { $0.file = nil }
        StateDirectory.removeTemporary(path)
    }

    /// Writes the next bytes.
    ///
    /// - Throws: ``BackupRefusal``, as soon as it is clear, or ``StoreError``.
    package func append(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            guard let file = state.file else { throw StoreError.closed }
            try check(state.size + bytes.count, state)
            while state.size + bytes.count > state.checked {
                try directory.checkRoom(for: Self.stretch)
                state.checked += Self.stretch
            }
            do throws(FileError) {
                try file.write(bytes)
            } catch {
                throw StoreError(error)
            }
            let wasShort = state.size < DatabaseHeader.length
            state.size += bytes.count
            guard wasShort, state.size >= DatabaseHeader.length else { return }
            if let size = try Self.header(of: file).size {
                try check(size, state)
                state.longest = size
            }
            try check(state.size, state)
        }
    }

    private func check(_ size: Int, _ state: State) throws(BackupRefusal) {
        guard size <= limit else { throw .tooLong(limit) }
        guard size <= state.longest else { throw .damaged("it is longer than it says") }
    }

    /// Checks the whole file once all bytes are received. From then on the file is SQLite's.
    func finish() throws {
        try state.withLock { state in
            guard let file = state.file else { return }
            let header = try Self.header(of: file)
            try header.check(size: state.size)
            state.file = nil
        }
    }

    private static func header(of file: OpenFile) throws -> DatabaseHeader {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try file.read(DatabaseHeader.length, at: 0)
        } catch {
            throw StoreError(error)
        }
        return try DatabaseHeader(bytes)
    }
}
