internal import Access
internal import Shell
internal import Synchronization

/// One peer's conversation: its requests, the commands that run for it, and their ends.
///
/// It decides what a line means and answers it. Reading and writing are its channel's; see ``SessionHandler``.
final class Session: Sendable {
    /// What the peer is spoken to in.
    enum Language: Sendable {
        /// Nothing was said yet.
        case undecided
        case json
        case plainText
    }

    /// A request between its line and its end.
    struct Request: Sendable {
        var task: Task<Void, Never>?
        var isCancelled = false
        /// Who waits for an answer.
        var question: CheckedContinuation<String?, any Error>?
        /// Whether a question has been said that nobody waits for yet.
        var isAsking = false
        /// The answer to it: a peer can be faster than the command that asks.
        var earlyAnswer: String??
        /// Whether it goes on until it is ended.
        var isStream = false
    }

    struct State: Sendable {
        var language = Language.undecided
        var requests: [Int64: Request] = [:]
        /// What requests end with, once the session does; nothing new begins then.
        var ending: ServerMessage.End?
        /// The last word: why the session ends.
        var farewell: ServerMessage.End?
        /// Commands that run, also those whose ends were said without them.
        var tasks = 0
        var isInputOver = false
        var isGone = false
        var wasReportedGone = false
        var badLines = 0
        /// In plain text, the line that came while a command ran: what is to run next, or the answer if it asks.
        var nextLine: [UInt8]?
        /// Whether that line is about to be run.
        var isTurning = false
        var lastID: Int64 = 0
    }

    /// Commands at once.
    static let mostRequests = 8
    /// Lines that are no requests, after which the peer is taken to speak something else.
    static let mostBadLines = 100
    /// Values in one line, about: the time to read them is that of all sessions.
    static let mostValues = 10_000

    let identity: PeerIdentity
    let caller: Caller
    let outbox: Outbox
    let services: SessionServices
    let state = Mutex(State())
    private let onGone: @Sendable () -> Void
    private let onClose: @Sendable (Session) -> Void

    /// - Parameters:
    ///   - onGone: Called once, when neither channel nor commands are left.
    ///   - onClose: Called once, when the channel is closed, though commands may still run.
    init(
        _ identity: PeerIdentity, caller: Caller, outbox: Outbox, services: SessionServices,
        onGone: @escaping @Sendable () -> Void, onClose: @escaping @Sendable (Session) -> Void
    ) {
        self.identity = identity
        self.caller = caller
        self.outbox = outbox
        self.services = services
        self.onGone = onGone
        self.onClose = onClose
    }

    // MARK: Lines

    /// Whether the next line can be taken, or has to wait for the command before it.
    var takesLines: Bool {
        if outbox.isFull { return false }
        return state.withLock { state in
            guard state.ending == nil, !state.isTurning else { return false }
            guard state.language == .plainText, let request = state.requests.values.first else { return true }
            return request.question != nil || state.nextLine == nil
        }
    }

    func receive(_ line: [UInt8]) {
        let language = state.withLock { state in
            if state.language == .undecided {
                let first = line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
                state.language = first == UInt8(ascii: "{") ? .json : .plainText
                if state.language == .plainText { return Language.undecided }
            }
            return state.language
        }
        if language == .json { return receiveRequest(line) }
        if language == .undecided { greet() }
        receivePlain(line)
    }

    private func receiveRequest(_ line: [UInt8]) {
        var id: Int64 = 0
        do throws(CommandFailure) {
            let json = try Self.object(line)
            // Whatever is wrong with it: if it is known which request it was, its end says so.
            if let known = json["id"]?.integer, known > 0, state.withLock({ $0.requests[known] == nil }) { id = known }
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

    /// Whether there are more values in JSON than that, by what stands in front of them outside of texts.
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
        let isTooMuch = state.withLock { state in
            state.badLines += 1
            return state.badLines >= Self.mostBadLines
        }
        if isTooMuch { leave(ServerMessage.End(.badRequest, "too many lines that are no requests")) }
    }

    /// The line that is coming will not be read.
    func receiveTooLong() {
        leave(ServerMessage.End(.tooLong, "a line has at most \(LineSplitter.longestLine) bytes"))
    }

    /// No more lines come. What runs goes on.
    func receiveEnd() {
        let questions = state.withLock { state in
            state.isInputOver = true
            return state.requests.keys.compactMap { state.requests[$0]?.question.take() }
        }
        for question in questions { question.resume(returning: nil) }
    }

    // MARK: Requests

    func begin(_ id: Int64, isStream: Bool = false, _ body: @escaping @Sendable (Session) async -> ServerMessage.End) {
        let refusal = state.withLock { state -> (Int64, ServerMessage.End)? in
            if let ending = state.ending { return (id, ending) }
            if state.requests[id] != nil {
                return (0, ServerMessage.End(.badRequest, "the request \(id) still runs"))
            }
            if state.requests.count >= Self.mostRequests {
                return (id, ServerMessage.End(.tooManyCommands, "\(Self.mostRequests) commands run already"))
            }
            state.requests[id] = Request(isStream: isStream)
            state.tasks += 1
            return nil
        }
        if let refusal { return say(.end(id: refusal.0, refusal.1)) }
        let task = Task { self.finish(id, await body(self)) }
        let isCancelled = state.withLock { state in
            state.requests[id]?.task = task
            return state.requests[id]?.isCancelled ?? false
        }
        if isCancelled { task.cancel() }
    }

    /// Says the end of a request, unless it has been said.
    private func finish(_ id: Int64, _ end: ServerMessage.End) {
        let nextLine = state.withLock { state -> [UInt8]? in
            state.tasks -= 1
            guard state.requests.removeValue(forKey: id) != nil else { return nil }
            let end = end.code == .cancelled ? state.ending ?? end : end
            // Within the lock: who sees that the request is over finds its end in the outbox, and closes after it.
            outbox.putNow(state.bytes(.end(id: id, end)))
            guard state.ending == nil, !state.isGone, let nextLine = state.nextLine.take() else { return nil }
            state.isTurning = true
            return nextLine
        }
        if let nextLine {
            runPlain(nextLine)
            state.withLock { $0.isTurning = false }
        }
        reportIfGone()
        outbox.signal()
    }

    func cancel(_ id: Int64) {
        let request = state.withLock { state in
            state.requests[id]?.isCancelled = true
            defer { state.requests[id]?.question = nil }
            return state.requests[id]
        }
        request?.question?.resume(throwing: CancellationError())
        request?.task?.cancel()
    }

    /// Has an answer kept that comes before ``answer(to:)``. To be called before the question is said.
    func expectAnswer(to id: Int64) {
        state.withLock { state in
            state.requests[id]?.isAsking = true
            state.requests[id]?.earlyAnswer = nil
        }
    }

    func answer(_ id: Int64, _ text: String?) {
        let question = state.withLock { state -> CheckedContinuation<String?, any Error>? in
            if let question = state.requests[id]?.question.take() { return question }
            if state.requests[id]?.isAsking == true { state.requests[id]?.earlyAnswer = .some(text) }
            return nil
        }
        question?.resume(returning: text)
    }

    /// Waits for the answer to the question that was just asked; `nil` when there is none.
    func answer(to id: Int64) async throws -> String? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var early: String?
                let (isOver, old) = state.withLock { state in
                    guard state.requests[id]?.isCancelled == false, !state.isGone, !Task.isCancelled else {
                        return (true, nil as CheckedContinuation<String?, any Error>?)
                    }
                    state.requests[id]?.isAsking = false
                    if let answer = state.requests[id]?.earlyAnswer.take() {
                        early = answer
                        return (false, continuation)
                    }
                    if let line = state.nextLine.take() {
                        early = Self.answer(in: line)
                        return (false, continuation)
                    }
                    if state.isInputOver { return (false, continuation) }
                    let old = state.requests[id]?.question
                    state.requests[id]?.question = continuation
                    return (false, old)
                }
                if isOver { continuation.resume(throwing: CancellationError()) }
                // It was answered already; or nobody can answer any more; or a command asked twice at once, and the first
                // has no answer.
                old?.resume(returning: early)
                // In plain text there may be lines that waited for the question.
                outbox.signal()
            }
        } onCancel: {
            state.withLock { $0.requests[id]?.question.take() }?.resume(throwing: CancellationError())
        }
    }

    // MARK: The end

    /// Ends all that runs, and then the session.
    ///
    /// - Parameter end: What its requests end with, and its last word.
    func end(_ end: ServerMessage.End) { leave(end, requests: end) }

    /// Ends the session for something that its requests have nothing to do with.
    private func leave(
        _ farewell: ServerMessage.End, requests: ServerMessage.End = .init(.cancelled, "ended before it was done")
    ) {
        let ids = state.withLock { state in
            if state.ending == nil { (state.ending, state.farewell) = (requests, farewell) }
            return Array(state.requests.keys)
        }
        for id in ids { cancel(id) }
        outbox.signal()
    }

    /// Says the ends of the commands that do not end by themselves.
    func abandon() {
        state.withLock { state in
            let end = state.ending ?? ServerMessage.End(.cancelled, "ended before it was done")
            for id in state.requests.keys.sorted() { outbox.putNow(state.bytes(.end(id: id, end))) }
            state.requests = [:]
        }
    }

    var isEnding: Bool { state.withLock { $0.ending != nil } }

    /// Whether no command runs, and none can come.
    private var isDone: Bool {
        state.withLock { ($0.ending != nil || $0.isInputOver) && $0.requests.isEmpty && !$0.isTurning }
    }

    /// Says the last word, once no command runs.
    func sayFarewell() {
        guard isDone, let farewell = state.withLock({ $0.farewell.take() }) else { return }
        say(.end(id: 0, farewell))
    }

    /// Whether there is nothing more to say or to hear.
    var isOver: Bool { isDone && outbox.isEmpty }

    /// The channel is closed.
    func channelClosed() {
        outbox.close()
        let ids = state.withLock { state in
            state.isGone = true
            return Array(state.requests.keys)
        }
        for id in ids { cancel(id) }
        onClose(self)
        reportIfGone()
    }

    private func reportIfGone() {
        let isGone = state.withLock { state in
            guard state.isGone, state.tasks == 0, !state.wasReportedGone else { return false }
            state.wasReportedGone = true
            return true
        }
        if isGone { onGone() }
    }

    // MARK: Saying

    /// Says it without waiting.
    func say(_ message: ServerMessage) {
        state.withLock { outbox.putNow($0.bytes(message)) }
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
