import Glibc
import Shell

/// Where a command's file is read.
final class FileInput {
    enum Piece {
        /// None at the file's end.
        case bytes([UInt8])
        case interrupted
        case failed(CommandFailure)
    }

    private let descriptor: Int32
    private let name: String
    private let signals: Signals

    /// - Parameters:
    ///   - path: `nil` for standard input.
    ///   - isScript: Whether standard input is where the commands are.
    init(_ path: String?, isScript: Bool, _ screen: Screen) throws(CommandFailure) {
        signals = screen.signals
        guard let path else {
            guard !isScript, !screen.terminal.isInput else {
                throw CommandFailure(
                    .badArgument, "this wants a file, and standard input is none",
                    hint: "`--input FILE` names one")
            }
            (descriptor, name) = (dup(STDIN_FILENO), "standard input")
            return
        }
        name = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw CommandFailure(.badArgument, "\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The next bytes, as many as there are up to a number.
    func next(_ most: Int) -> Piece {
        var bytes: [UInt8] = []
        while bytes.count < most {
            switch signals.wait(for: descriptor) {
            case .signal(.interrupt): return .interrupted
            case .signal(.terminate(let number)): exit(128 + number)
            case .signal, .tooLate: continue
            case .ready: break
            }
            let room = most - bytes.count
            var count = 0
            bytes += [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
                count = read(descriptor, buffer.baseAddress, room)
                filled = max(0, count)
            }
            if count == 0 { break }
            if count < 0, errno != EINTR, errno != EAGAIN {
                return .failed(CommandFailure(.failedBackup, "\(name): \(String(cString: strerror(errno)))"))
            }
        }
        return .bytes(bytes)
    }
}
