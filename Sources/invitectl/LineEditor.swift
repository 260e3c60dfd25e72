import CLibEdit
import Glibc
import Shell

/// A line as it is typed, with libedit.
///
/// libedit reads through this type, so that signals are seen between two keys instead of behind its back.
final class LineEditor {
    enum Line {
        case text(String)
        /// Ctrl-C.
        case interrupted
        /// Ctrl-D in an empty line, or the terminal was closed.
        case end
    }

    private let editor: OpaquePointer
    private let history: OpaquePointer
    private let signals: Signals
    private let prompt: UnsafeMutablePointer<CChar>
    /// Called for Tab with the text before and after the cursor.
    private let complete: (_ before: String, _ after: String) -> TabCompletion.Edit
    private var wasInterrupted = false

    /// The character around those parts of a prompt that take no column.
    static let marker: Character = "\u{1}"

    /// - Parameter lines: The lines of earlier sessions, oldest first.
    init?(
        prompt: String, history lines: [String], _ signals: Signals,
        complete: @escaping (_ before: String, _ after: String) -> TabCompletion.Edit
    ) {
        guard let editor = editline_start("invitectl"), let history = history_init(), let text = strdup(prompt) else {
            return nil
        }
        self.editor = editor
        self.history = history
        self.signals = signals
        self.prompt = text
        self.complete = complete
        _ = editline_set_client_data(editor, Unmanaged.passUnretained(self).toOpaque())
        _ = editline_set_prompt(editor, { LineEditor.of($0)?.prompt }, 1)
        _ = editline_set_editor(editor, "emacs")
        _ = editline_set_reader(editor, { LineEditor.of($0)?.readCharacter($1) ?? -1 })
        _ = editline_add(editor, "invitectl-complete", "Complete the word") { pointer, _ in
            LineEditor.of(pointer)?.completeWord() ?? UInt8(CC_ERROR)
        }
        let keys = [
            ("\t", "invitectl-complete"), ("^R", "em-inc-search-prev"), ("^W", "ed-delete-prev-word"),
            ("\u{1B}[3~", "ed-delete-next-char"), ("\u{1B}[1;5C", "em-next-word"), ("\u{1B}[1;5D", "ed-prev-word"),
            ("\u{1B}[H", "ed-move-to-beg"), ("\u{1B}[F", "ed-move-to-end"),
        ]
        for (key, function) in keys { _ = editline_bind(editor, key, function) }
        _ = editline_history_set_size(history, Int32(HistoryFile.limit))
        _ = editline_history_set_unique(history)
        for line in lines { _ = editline_history_enter(history, line) }
        _ = editline_set_history(editor, history)
        // The person's own bindings, from ~/.editrc.
        _ = el_source(editor, nil)
    }

    deinit {
        el_end(editor)
        history_end(history)
        free(prompt)
    }

    /// Reads a line.
    func read() -> Line {
        wasInterrupted = false
        var count: Int32 = 0
        // libedit shows the prompt first: what is typed in between, the terminal would take for itself.
        editline_prepare_terminal(editor)
        guard let line = el_gets(editor, &count), count > 0 else {
            return wasInterrupted ? .interrupted : .end
        }
        var text = String(cString: line)
        while text.last == "\n" || text.last == "\r\n" || text.last == "\r" { text.removeLast() }
        return .text(text)
    }

    /// Adds a line to the history of this session.
    func remember(_ line: String) {
        _ = editline_history_enter(history, line)
    }

    // MARK: Called by libedit

    private static func of(_ editor: OpaquePointer?) -> LineEditor? {
        // The editor never outlives what it was made by, which is what its data points to.
        editline_client_data(editor).map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
    }

    /// - Returns: 1 for a character, 0 for the end, -1 for Ctrl-C.
    private func readCharacter(_ character: UnsafeMutablePointer<wchar_t>?) -> Int32 {
        if wasInterrupted { return -1 }
        var bytes: [UInt8] = []
        while true {
            switch signals.wait(for: STDIN_FILENO) {
            case .signal(.interrupt):
                wasInterrupted = true
                // What is shown next begins after all that was typed: Ctrl-E first, then the end.
                character?.pointee = 5
                return 1
            case .signal(.resized):
                el_resize(editor)
                continue
            case .signal(.continued):
                editline_prepare_terminal(editor)
                editline_refresh(editor)
                continue
            case .signal(.terminate(let number)):
                el_end(editor)
                exit(128 + number)
            case .tooLate: continue
            case .ready: break
            }
            var byte: UInt8 = 0
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count == 1 else { return 0 }
            bytes.append(byte)
            if let scalar = Self.scalar(bytes) {
                character?.pointee = wchar_t(bitPattern: scalar.value)
                return 1
            }
            if bytes.count >= Self.length(bytes[0]) { bytes = [] }
        }
    }

    /// The character that these bytes are, all of them.
    private static func scalar(_ bytes: [UInt8]) -> Unicode.Scalar? {
        guard bytes.count == length(bytes[0]), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return text.unicodeScalars.first
    }

    /// How many bytes a character has that begins with this one; 1 where none does.
    private static func length(_ first: UInt8) -> Int {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    private func completeWord() -> UInt8 {
        guard let line = el_line(editor)?.pointee, let start = line.buffer, let cursor = line.cursor,
            let end = line.lastchar
        else { return UInt8(CC_ERROR) }
        let text = { (from: UnsafePointer<CChar>, to: UnsafePointer<CChar>) in
            String(decoding: UnsafeRawBufferPointer(start: from, count: max(0, to - from)), as: UTF8.self)
        }
        switch complete(text(start, cursor), text(cursor, end)) {
        case .nothing: return UInt8(CC_REFRESH_BEEP)
        case .listed: return UInt8(CC_REDISPLAY)
        case .replace(let before, let after, let new):
            if after > 0 { el_cursor(editor, Int32(clamping: after)) }
            el_deletestr(editor, Int32(clamping: before + after))
            el_insertstr(editor, new)
            return UInt8(CC_REFRESH)
        }
    }
}
