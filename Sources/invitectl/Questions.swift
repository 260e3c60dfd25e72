import CLibEdit
import Glibc
import Shell
import Text

/// Asks the person at the terminal what the daemon wants to know.
final class Questions {
    private let screen: Screen
    /// What the person wrote in the editor, stored until it is known to be received.
    private var draft: Draft?

    init(_ screen: Screen) {
        self.screen = screen
    }

    enum Answer {
        case text(String)
        /// No answer.
        case nothing
        /// Ctrl-C.
        case interrupted
    }

    func ask(_ question: ServerMessage.Question) -> Answer {
        guard screen.terminal.isInteractive else { return .nothing }
        switch question {
        case .confirm(let prompt):
            return readLine(prompt + " (yes/no) ") { $0 == "yes" ? "yes" : "no" }
        case .secret(let prompt):
            return Echo.off { readLine(prompt + ": ") { $0 } }
        case .edit(let name, let text, let mistakes):
            return edit(name, text, mistakes)
        // Data of a file is no question.
        case .data: return .nothing
        }
    }

    /// Removes what was edited when it has arrived, and else says where it is.
    func finish(isDone: Bool) {
        guard let draft else { return }
        self.draft = nil
        if isDone {
            draft.remove()
        } else {
            say("Your text is kept in \(draft.path).")
        }
    }

    // MARK: Editing

    private func edit(_ name: String, _ text: String, _ mistakes: [String]) -> Answer {
        if !mistakes.isEmpty {
            for mistake in mistakes { say(mistake) }
            switch readLine("Edit it again? (YES/no) ", { $0 }) {
            case .text(let answer) where !["n", "no"].contains(answer.lowercased()): break
            case .interrupted: return .interrupted
            case .text, .nothing: return .nothing
            }
        }
        draft?.remove()
        draft = nil
        while true {
            do {
                let draft = try self.draft ?? Draft(name, text)
                self.draft = draft
                let edited = try draft.edit(screen.signals)
                if edited == text {
                    say("Nothing was changed.")
                    draft.remove()
                    self.draft = nil
                    return .nothing
                }
                return .text(edited)
            } catch let failure as Draft.Unreadable {
                say(failure.message)
                guard case .text(let answer) = readLine("Edit it again? (YES/no) ", { $0 }),
                    !["n", "no"].contains(answer.lowercased())
                else { return .nothing }
            } catch {
                say("\(error)")
                return .nothing
            }
        }
    }

    private func say(_ text: String) {
        screen.errors.line(text.escapingControls)
        screen.errors.flush()
    }

    // MARK: Lines

    private func readLine(_ prompt: String, _ answer: (String) -> String) -> Answer {
        let prompt = prompt.split(separator: "\n").map { String($0).escapingControls }.joined(separator: "\n")
        screen.output.write(prompt)
        screen.output.flush()
        var bytes: [UInt8] = []
        while true {
            switch screen.signals.wait(for: STDIN_FILENO) {
            case .signal(.interrupt):
                end()
                return .interrupted
            case .signal(.terminate(let number)):
                Echo.restore()
                exit(128 + number)
            case .signal(.continued):
                // Another program had the terminal meanwhile.
                screen.output.write(prompt)
                screen.output.flush()
                continue
            case .signal, .tooLate: continue
            case .ready: break
            }
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count == 1 else {
                end()
                return .nothing
            }
            if byte == UInt8(ascii: "\n") {
                if Echo.isOff { end() }
                let line = String(decoding: bytes, as: UTF8.self)
                return .text(answer(line.trimmingSpaces))
            }
            if bytes.count < 65_536 { bytes.append(byte) }
        }
    }

    private func end() {
        screen.output.write("\n")
        screen.output.flush()
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...].drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}

/// Whether the terminal shows what is typed.
enum Echo {
    // The client has one thread.
    nonisolated(unsafe) private static var saved: termios?

    static var isOff: Bool { saved != nil }

    /// Does something while the terminal does not show what is typed.
    static func off<Result>(_ body: () -> Result) -> Result {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return body() }
        saved = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        defer { restore() }
        return body()
    }

    static func restore() {
        guard var settings = saved else { return }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        saved = nil
    }
}
