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
            `help` shows the commands, `quit` ends; a command that shows events ends with the next line

            """)
    }

    func receivePlain(_ line: [UInt8]) {
        guard let text = String(validating: line, as: UTF8.self) else {
            return refusePlain(CommandFailure(.badRequest, "the line is not UTF-8"))
        }
        let running = state.withLock { state -> (id: Int64, isAsked: Bool)? in
            guard let (id, request) = state.requests.first else { return nil }
            if request.question == nil { state.nextLine = text }
            return (id, request.question != nil)
        }
        if let running {
            if running.isAsked {
                answer(running.id, text.trimmingPrefix { $0 == " " }.lowercased() == "yes" ? "yes" : "no")
            } else {
                cancel(running.id)
            }
            return
        }
        runPlain(text)
    }

    func runPlain(_ text: String) {
        let words: [String]
        do throws(Words.Unclosed) {
            words = try Words(text).words
        } catch {
            return refusePlain(CommandFailure(.badArgument, "\(error)"))
        }
        switch words {
        case []: sayPlain(Self.prompt)
        case ["quit"], ["exit"]: leavePlain()
        default:
            let spec = services.registry.match(words)?.spec
            var isStream = false
            if case .events? = spec?.result { isStream = true }
            let id = state.withLock { state in
                state.lastID += 1
                return state.lastID
            }
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
        let isTooMuch = state.withLock { state in
            state.badLines += 1
            return state.badLines >= Self.mostBadLines
        }
        if isTooMuch { leavePlain() }
    }

    private func leavePlain() {
        state.withLock { state in
            if state.ending == nil { state.ending = ServerMessage.End(.cancelled) }
        }
        outbox.signal()
    }

    private func sayPlain(_ text: String) { outbox.putNow(Array(text.utf8)) }
}

extension Session.State {
    /// A message as the peer's language has it.
    func bytes(_ message: ServerMessage) -> [UInt8] {
        guard language == .plainText else { return message.wire }
        guard case .end(_, let end) = message else { return [] }
        var lines: [String] = []
        if end.code != .ok {
            lines.append("error \(end.code.rawValue): \(end.message)")
        } else if !end.message.isEmpty {
            lines.append(end.message)
        }
        if let hint = end.hint { lines.append("hint: \(hint)") }
        let text = lines.map { $0.escapingControls + "\n" }.joined()
        return Array((ending == nil ? text + Session.prompt : text).utf8)
    }
}
