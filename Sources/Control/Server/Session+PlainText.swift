internal import Access
internal import Shell
internal import Synchronization
internal import Text

/// Plain text, for people who have nothing but `socat - UNIX-CONNECT:…`: a line is a command, one after the other.
extension Session {
    static let prompt = "invited> "

    func greet() {
        let scope = caller.hosts == .all ? "all hosts" : "your hosts"
        sayPlain(
            """
            invited \(services.version): you are \(caller.user.escapingControls), \(caller.role.rawValue) of \(scope)
            `help` shows the commands, `quit` ends; `cancel` ends a command, and any line one that shows events

            """)
    }

    func receivePlain(_ line: [UInt8]) {
        let isCancel = Self.isWord("cancel", line)
        switch state.withLock({ $0.machine.receivePlain(line, isCancel: isCancel) }) {
        case .run: runPlain(line)
        case .answer(let id): answer(id, Self.answer(in: line))
        case .cancel(let id): cancel(id)
        case .wait: break
        }
    }

    static func answer(in line: [UInt8]) -> String { isWord("yes", line) ? "yes" : "no" }

    /// Whether a line is nothing but a word, in capitals or not.
    private static func isWord(_ word: String, _ line: [UInt8]) -> Bool {
        let words = String(decoding: line, as: UTF8.self).lowercased().split { $0 == " " || $0 == "\t" }
        return words.count == 1 && words[0] == word
    }

    func runPlain(_ line: [UInt8]) {
        guard let text = String(validating: line, as: UTF8.self) else {
            return refusePlain(CommandFailure(.badRequest, "the line is not UTF-8"))
        }
        let words: [String]
        do throws(Words.Unclosed) {
            words = try Words(text).words
        } catch {
            return refusePlain(CommandFailure(.badArgument, "\(error)"))
        }
        switch words {
        case []: sayPlain(Self.prompt)
        case ["quit"], ["exit"]: leavePlain()
        case ["cancel"]: sayPlain("nothing runs\n\(Self.prompt)")
        default:
            let spec = services.registry.match(words)?.spec
            var isStream = false
            if case .events? = spec?.result { isStream = true }
            let id = state.withLock { $0.machine.makeID() }
            begin(id, isStream: isStream) { session in
                let output = PlainOutput(session, id: id, shape: spec?.result ?? .nothing)
                var end = await session.services.dispatcher.run(words, caller: session.caller, output: output)
                do { try await output.flush() } catch { end = end.code == .ok ? .init(.cancelled) : end }
                return end
            }
        }
    }

    private func refusePlain(_ failure: CommandFailure) {
        say(.end(id: 0, ServerMessage.End(failure)))
        if state.withLock({ $0.machine.countBadLine() }) { leavePlain() }
    }

    private func leavePlain() { leave(nil, requests: ServerMessage.End(.cancelled)) }

    private func sayPlain(_ text: String) { sendQueue.putNow(Array(text.utf8)) }
}

extension PlainOutput {
    /// What is shown of a command's end: its message, and the prompt unless the session ends.
    static func bytes(of end: ServerMessage.End, isLast: Bool) -> [UInt8] {
        var lines: [String] = []
        if end.code != .ok {
            lines.append("error \(end.code.rawValue): \(end.message)")
        } else if !end.message.isEmpty {
            lines.append(end.message)
        }
        if let hint = end.hint { lines.append("hint: \(hint)") }
        let text = lines.map { $0.escapingControls + "\n" }.joined()
        return Array((isLast ? text : text + Session.prompt).utf8)
    }
}
