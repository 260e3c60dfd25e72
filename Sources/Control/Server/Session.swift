internal import Access
internal import Shell
internal import Synchronization

/// One peer's conversation: its requests, the commands that run for it, and their ends.
///
/// It decides what a line means and answers it. Reading and writing are its channel's; see ``SessionHandler``.
final class Session: Sendable {
    struct State: Sendable {
        var machine = SessionMachine()
        /// Of the requests that run.
        var tasks: [Int64: Task<Void, Never>] = [:]
        /// The continuations that wait for answers to the requests' questions.
        var questions: [Int64: CheckedContinuation<String?, any Error>] = [:]
    }

    /// Values in one line, about: the time to read them is that of all sessions.
    static let mostValues = 10_000

    let identity: PeerIdentity
    let caller: Caller
    let sendQueue: SendQueue
    let services: SessionServices
    let state = Mutex(State())
    private let onGone: @Sendable () -> Void
    private let onClose: @Sendable (Session) -> Void

    /// - Parameters:
    ///   - onGone: Called once, when neither channel nor commands are left.
    ///   - onClose: Called once, when the channel is closed, though commands may still run.
    init(
        _ identity: PeerIdentity, caller: Caller, sendQueue: SendQueue, services: SessionServices,
        onGone: @escaping @Sendable () -> Void, onClose: @escaping @Sendable (Session) -> Void
    ) {
        self.identity = identity
        self.caller = caller
        self.sendQueue = sendQueue
        self.services = services
        self.onGone = onGone
        self.onClose = onClose
    }

    // MARK: Lines

    /// Whether the next line can be taken, or has to wait for the command before it.
    var takesLines: Bool { !sendQueue.isFull && state.withLock { $0.machine.takesLines } }

    func receive(_ line: [UInt8]) {
        switch state.withLock({ $0.machine.receive(line) }) {
        case .request: receiveRequest(line)
        case .plainText(let isFirst):
            if isFirst { greet() }
            receivePlain(line)
        }
    }

    private func receiveRequest(_ line: [UInt8]) {
        var id: Int64 = 0
        do throws(CommandFailure) {
            let json = try Self.object(line)
            // Whatever is wrong with it: if it is known which request it was, its end says so.
            if let known = json["id"]?.integer, known > 0, state.withLock({ $0.machine.requests[known] == nil }) {
                id = known
            }
            switch try ClientMessage(json) {
            case .run(let id, let argv, let width, let isInteractive):
                let output = SessionOutput(self, id: id, width: width, isInteractive: isInteractive)
                begin(id) { session in
                    await session.services.dispatcher.run(argv, caller: session.caller, output: output)
                }
            case .complete(let id, let words):
                let output = SessionOutput(self, id: id, width: 0, isInteractive: false)
                begin(id) { session in
                    await session.services.completer.run(words, caller: session.caller, output: output)
                }
            case .cancel(let id): cancel(id)
            case .answer(let id, let text): answer(id, text)
            }
        } catch {
            refuse(id, ServerMessage.End(error))
        }
    }

    static func object(_ line: [UInt8]) throws(CommandFailure) -> JSON {
        guard String(validating: line, as: UTF8.self) != nil else {
            throw CommandFailure(.badRequest, "the line is not UTF-8")
        }
        guard !holdsMore(than: mostValues, line) else {
            throw CommandFailure(.badRequest, "a line has at most \(mostValues) values")
        }
        guard let json = try? JSON(reading: line), json.object != nil else {
            throw CommandFailure(.badRequest, "the line is not a JSON object")
        }
        return json
    }

    /// Whether a line holds more values in JSON than that, counted by commas and brackets outside of strings.
    private static func holdsMore(than most: Int, _ line: [UInt8]) -> Bool {
        // Each value takes a comma or a bracket, and most lines are short.
        if line.count <= most { return false }
        var (values, isInText, isEscaped) = (0, false, false)
        for byte in line {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isInText: isEscaped = true
            case UInt8(ascii: "\""): isInText.toggle()
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"):
                if isInText { continue }
                values += 1
                if values > most { return true }
            default: break
            }
        }
        return false
    }

    /// Answers what is no request, and ends the session when there was too much of it.
    private func refuse(_ id: Int64, _ end: ServerMessage.End) {
        say(.end(id: id, end))
        if state.withLock({ $0.machine.countBadLine() }) {
            leave(ServerMessage.End(.badRequest, "too many lines that are no requests"))
        }
    }

    /// The line that is being received will not be read.
    func receiveTooLong() {
        leave(ServerMessage.End(.tooLong, "a line has at most \(LineSplitter.longestLine) bytes"))
    }

    /// The input has ended. What runs continues.
    func receiveEnd() {
        let questions = state.withLock { state in
            state.machine.endInput().compactMap { state.questions.removeValue(forKey: $0) }
        }
        for question in questions { question.resume(returning: nil) }
    }

    // MARK: Requests

    func begin(_ id: Int64, isStream: Bool = false, _ body: @escaping @Sendable (Session) async -> ServerMessage.End) {
        let rejection = state.withLock { state -> SessionMachine.Rejection? in
            do throws(SessionMachine.Rejection) {
                try state.machine.begin(id, isStream: isStream)
                return nil
            } catch {
                return error
            }
        }
        if let rejection { return say(.end(id: rejection.id, rejection.end)) }
        let task = Task { self.finish(id, await body(self)) }
        let isCancelled = state.withLock { state in
            // It may be over by now.
            if state.machine.requests[id] != nil { state.tasks[id] = task }
            return state.machine.isCancelled(id)
        }
        if isCancelled { task.cancel() }
    }

    /// Says the end of a request, unless it has been said.
    private func finish(_ id: Int64, _ end: ServerMessage.End) {
        let nextLine = state.withLock { state -> [UInt8]? in
            let (end, nextLine) = state.machine.finish(id, end)
            // Not that of a later request with the same number.
            guard let end else { return nil }
            state.tasks[id] = nil
            // Within the lock: when the request is seen as ended, its end is in the sendQueue, and is sent before
            // closing.
            sendQueue.putNow(state.machine.bytes(.end(id: id, end)))
            return nextLine
        }
        if let nextLine {
            runPlain(nextLine)
            state.withLock { $0.machine.started() }
        }
        reportIfGone()
        sendQueue.signal()
    }

    func cancel(_ id: Int64) {
        let (task, question) = state.withLock { state in
            state.machine.cancel(id)
            return (state.tasks[id], state.questions.removeValue(forKey: id))
        }
        question?.resume(throwing: CancellationError())
        task?.cancel()
    }

    /// Has an answer stored that arrives before ``answer(to:)``. To be called before the question is sent.
    func expectAnswer(to id: Int64) { state.withLock { $0.machine.expectAnswer(to: id) } }

    func answer(_ id: Int64, _ text: String?) {
        let question = state.withLock { state in
            state.machine.answer(id, text) ? state.questions.removeValue(forKey: id) : nil
        }
        question?.resume(returning: text)
    }

    /// Waits for the answer to the question that was just asked; `nil` when there is none.
    func answer(to id: Int64) async throws -> String? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (waiting, old) = state.withLock { state in
                    // If the task is already cancelled, `onCancel` has run and will not resume the continuation.
                    let waiting = Task.isCancelled ? .cancelled : state.machine.wait(for: id)
                    switch waiting {
                    case .waits, .waitsInstead: return (waiting, state.questions.updateValue(continuation, forKey: id))
                    case .cancelled, .answer, .line: return (waiting, nil)
                    }
                }
                switch waiting {
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .answer(let text): continuation.resume(returning: text)
                case .line(let line): continuation.resume(returning: Self.answer(in: line))
                case .waits: break
                case .waitsInstead: old?.resume(returning: nil)
                }
                // In plain text there may be lines that waited for the question.
                sendQueue.signal()
            }
        } onCancel: {
            let question = state.withLock { state in
                state.machine.cancel(id)
                return state.questions.removeValue(forKey: id)
            }
            question?.resume(throwing: CancellationError())
        }
    }

    // MARK: The end

    /// Ends all that runs, and then the session.
    ///
    /// - Parameter end: What its requests end with, and its last word.
    func end(_ end: ServerMessage.End) { leave(end, requests: end) }

    /// Ends the session for something that its requests have nothing to do with.
    func leave(_ farewell: ServerMessage.End?, requests: ServerMessage.End = .interrupted) {
        for id in state.withLock({ $0.machine.end(requests: requests, farewell: farewell) }) { cancel(id) }
        sendQueue.signal()
    }

    /// Says the ends of the commands that do not end by themselves.
    func abandon() {
        state.withLock { state in
            let (ids, end) = state.machine.abandon()
            for id in ids { sendQueue.putNow(state.machine.bytes(.end(id: id, end))) }
            state.tasks = [:]
        }
    }

    var isEnding: Bool { state.withLock { $0.machine.isEnding } }

    /// Says the last word, once no command runs.
    func sayFarewell() {
        guard let farewell = state.withLock({ $0.machine.takeFarewell() }) else { return }
        say(.end(id: 0, farewell))
    }

    /// Whether there is nothing more to send or to receive.
    var isOver: Bool { state.withLock { $0.machine.isDone } && sendQueue.isEmpty }

    /// The channel is closed.
    func channelClosed() {
        sendQueue.close()
        for id in state.withLock({ $0.machine.close() }) { cancel(id) }
        onClose(self)
        reportIfGone()
    }

    private func reportIfGone() {
        if state.withLock({ $0.machine.takeGone() }) { onGone() }
    }

    // MARK: Saying

    /// Says it without waiting.
    func say(_ message: ServerMessage) {
        state.withLock { sendQueue.putNow($0.machine.bytes(message)) }
    }
}

/// What sessions use.
struct SessionServices: Sendable {
    let dispatcher: Dispatcher
    let completer: Completer
    let registry: CommandRegistry
    /// ``Shell/CommandRegistry/hash``, which is in every session's greeting.
    let registryHash: String
    let version: String

    init(dispatcher: Dispatcher, completer: Completer, registry: CommandRegistry, version: String) {
        self.dispatcher = dispatcher
        self.completer = completer
        self.registry = registry
        registryHash = registry.hash
        self.version = version
    }
}

extension ServerMessage {
    /// The message as a line.
    var wire: [UInt8] { json.bytes + [UInt8(ascii: "\n")] }
}
