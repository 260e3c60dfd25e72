import Glibc
import Text

/// The lines of earlier sessions, in a file that only its owner may read.
///
/// Each line is added as it is entered, so that sessions side by side do not overwrite one another's. Answers to
/// questions never get here, nor do lines that begin with a space or may hold a secret.
struct HistoryFile {
    static let limit = 2_000

    private let path: String

    /// In `$XDG_STATE_HOME`, else in `~/.local/state`; `nil` without a home.
    init?() {
        let state: String
        if let directory = Environment["XDG_STATE_HOME"], directory.hasPrefix("/") {
            state = directory
        } else if let home = Environment["HOME"] {
            state = home + "/.local/state"
        } else {
            return nil
        }
        path = state + "/invitectl/history"
        var directory = ""
        for part in path.split(separator: "/").dropLast() {
            directory += "/" + part
            mkdir(directory, 0o700)
        }
    }

    /// The lines, oldest first. A file that has grown too long is cut.
    func load() -> [String] {
        guard let bytes = read() else { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter(\.isPrintable)
        let last = Array(lines.suffix(Self.limit))
        if lines.count > 2 * Self.limit { replace(with: last) }
        return last
    }

    func append(_ line: String) {
        write([line], to: path, O_APPEND)
    }

    private func read() -> [UInt8]? {
        guard let descriptor = Self.openRegularFile(path, O_RDONLY) else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 16 << 20 {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count <= 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Neither follows a link nor waits for a FIFO that is in the file's place.
    private static func openRegularFile(_ path: String, _ flags: Int32) -> Int32? {
        let descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return descriptor }
        close(descriptor)
        return nil
    }

    private func replace(with lines: [String]) {
        let new = path + ".new"
        write(lines, to: new, O_TRUNC)
        rename(new, path)
    }

    private func write(_ lines: [String], to path: String, _ flag: Int32) {
        guard let descriptor = Self.openRegularFile(path, O_WRONLY | O_CREAT | flag) else { return }
        defer { close(descriptor) }
        // Also of a file that was there before.
        fchmod(descriptor, 0o600)
        let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
        // A history that cannot be written is not worth an error.
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}
