import Glibc
import Shell
import Synchronization

/// Where a command's file is written: standard output, or a file that is there whole or not at all.
final class FileOutput {
    private enum Target {
        case standardOutput(Output)
        /// Written beside its place.
        case file(descriptor: Int32, temporary: String, path: String)
    }

    private let target: Target
    private let signals: Signals
    /// How many bytes were written.
    private(set) var count = 0

    /// The file that is being written, for when the process ends by a signal.
    private static let unfinished = Mutex<String?>(nil)
    private static let removesUnfinished: Bool =
        atexit {
            if let path = FileOutput.unfinished.withLock({ $0 }) { unlink(path) }
        } == 0

    /// - Parameter path: `nil` for standard output.
    init(_ path: String?, _ screen: Screen) throws(CommandFailure) {
        signals = screen.signals
        guard let path else {
            guard !screen.terminal.isOutput else {
                throw CommandFailure(
                    .badArgument, "a terminal cannot show this file", hint: "`--output FILE` writes it to a file")
            }
            target = .standardOutput(screen.output)
            return
        }
        let place = try Self.place(path)
        let temporary = "\(place).\(getpid()).new"
        // Its content gives access.
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(temporary) }
        _ = Self.removesUnfinished
        Self.unfinished.withLock { $0 = temporary }
        target = .file(descriptor: descriptor, temporary: temporary, path: place)
    }

    deinit {
        guard case .file(let descriptor, let temporary, _) = target else { return }
        close(descriptor)
        // A file that was renamed to its place is not at this path any more.
        unlink(temporary)
        Self.unfinished.withLock { $0 = nil }
    }

    /// The path without a link at its end. A device or a pipe would be replaced by a file.
    private static func place(_ path: String) throws(CommandFailure) -> String {
        var status = stat()
        guard lstat(path, &status) == 0 else { return path }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        guard stat(path, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(
                .badArgument, "\(path) is not a regular file", hint: "without --output it is written to standard output"
            )
        }
        guard isLink else { return path }
        guard let target = realpath(path, nil) else { throw failure(path) }
        defer { free(target) }
        return String(cString: target)
    }

    /// - Throws: ``CommandFailure`` with ``ResultCode/cancelled``, which standard output has the reason for, or another.
    func write(_ bytes: [UInt8]) throws(CommandFailure) {
        switch target {
        case .standardOutput(let output):
            output.write(bytes)
            guard !output.isBroken, !output.isCut else {
                throw CommandFailure(.cancelled, "not all of the file could be written to standard output")
            }
        case .file(let descriptor, let temporary, _):
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw Self.failure(temporary)
                }
            }
        }
        count += bytes.count
    }

    /// All is received: synchronizes the file, and renames it to its place.
    func finish() throws(CommandFailure) {
        switch target {
        case .standardOutput(let output):
            output.flush()
            guard !output.isBroken, !output.isCut else {
                throw CommandFailure(.cancelled, "not all of the file could be written to standard output")
            }
            // Where it is a file.
            if fsync(STDOUT_FILENO) != 0, errno != EINVAL, errno != EROFS { throw Self.failure("standard output") }
        case .file(let descriptor, let temporary, let path):
            guard fsync(descriptor) == 0 else { throw Self.failure(temporary) }
            guard rename(temporary, path) == 0 else { throw Self.failure(path) }
            let slash = path.lastIndex(of: "/")
            let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard parent >= 0 else { throw Self.failure(directory) }
            defer { close(parent) }
            guard fsync(parent) == 0 else { throw Self.failure(directory) }
        }
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(.failedBackup, "\(path): \(String(cString: strerror(errno)))")
    }
}
