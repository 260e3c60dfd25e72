import Glibc

/// A text in a file that only its owner may read, for the person's editor.
struct Draft {
    let path: String
    private let directory: String

    /// The longest text that is accepted from an editor.
    private static let limit = 4 << 20

    /// What the editor has left cannot be used.
    struct Unreadable: Error {
        let message: String
    }

    /// The file could not be written.
    struct Unwritable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter name: The name of what is edited; its last part names the file, for the editor's sake.
    init(_ name: String, _ text: String) throws {
        var template = Array("\(Environment["TMPDIR"] ?? "/tmp")/invitectl-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.failure("no directory for the editor's file") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let plain = (name.split(separator: "/").last ?? "text").unicodeScalars.filter { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".": true
            default: false
            }
        }
        let file = String(String.UnicodeScalarView(plain).drop { $0 == "." || $0 == "-" })
        path = "\(directory)/\(file.isEmpty ? "text" : file)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure(path) }
            rest = rest.dropFirst(written)
        }
    }

    /// Runs the person's editor on it.
    ///
    /// - Returns: The text that it has left.
    func edit(_ signals: Signals) throws -> String {
        let editor = Environment["VISUAL"] ?? Environment["EDITOR"] ?? Self.sensibleEditor
        let status = ChildProcess(editor + " \"$1\"", [path])?.wait() ?? 127
        signals.forgetInterrupts()
        guard status == 0 else { throw Unreadable(message: "The editor failed (`\(editor)`, exit status \(status)).") }
        return try text()
    }

    func remove() {
        unlink(path)
        rmdir(directory)
    }

    private static var sensibleEditor: String {
        access("/usr/bin/sensible-editor", X_OK) == 0 ? "/usr/bin/sensible-editor" : "vi"
    }

    private func text() throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable(message: "The editor has removed its file.") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.limit {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure(path) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= Self.limit else { throw Unreadable(message: "The text is longer than 4 MiB.") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Unreadable(message: "The text is not UTF-8.")
        }
        return text
    }

    private static func failure(_ what: String) -> Unwritable {
        Unwritable(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
