internal import Shell

/// What a session has to do for what happens to it, as a pure state machine: it knows which requests there are and what
/// they wait for, and neither tasks, continuations nor channels. Its owner does what its methods return.
struct SessionMachine: Sendable {
    /// What the peer speaks.
    enum Language: Hashable, Sendable {
        /// Nothing was said yet.
        case undecided
        case json
        /// Its requests are numbered here.
        case plainText(lastID: Int64)
    }

    /// The phases of a session, in their order.
    enum Phase: Hashable, Sendable {
        /// Lines are received, and requests begin.
        case open
        /// The input has ended; what runs continues.
        case inputOver
        /// Nothing begins any more. What runs ends with `requests`, and then the farewell is sent, if there is one.
        case ending(requests: ServerMessage.End, farewell: ServerMessage.End?)
        /// The channel is closed, though commands may still run.
        case closed
        /// Neither channel nor commands are left.
        case gone
    }

    /// What a request does between its line and its end.
    enum Activity: Hashable, Sendable {
        case running
        /// A question has been sent, for whose answer the command does not wait yet.
        case asking
        /// The peer was faster than the command that asks.
        case answered(String?)
        /// The command waits for the answer.
        case waiting
        case cancelled
    }

    struct Request: Hashable, Sendable {
        var activity = Activity.running
        /// Whether it runs until it is ended.
        let isStream: Bool
    }

    /// In plain text, the line that arrived while a command ran: what is to run next, or the answer if it asks.
    enum NextLine: Hashable, Sendable {
        case none
        case held([UInt8])
        /// It is about to be run.
        case starting
    }

    private(set) var language = Language.undecided
    private(set) var phase = Phase.open
    private(set) var requests: [Int64: Request] = [:]
    private(set) var nextLine = NextLine.none
    /// Commands that run, also those whose ends were sent without them.
    private var commands = 0
    private var badLines = 0

    /// Commands at once.
    static let mostRequests = 8
    /// Lines that are no requests, after which the peer is taken to speak something else.
    static let mostBadLines = 100

    /// Whether the session ends by its own will, and reads nothing more.
    var isEnding: Bool { if case .ending = phase { true } else { false } }

    private var isPlainText: Bool { if case .plainText = language { true } else { false } }

    /// What requests end with that are cancelled.
    private var cancellation: ServerMessage.End? {
        if case .ending(let requests, _) = phase { requests } else { nil }
    }

    // MARK: Lines

    /// Whether the next line can be taken, or has to wait for the command before it.
    var takesLines: Bool {
        guard phase == .open || phase == .inputOver, nextLine != .starting else { return false }
        guard isPlainText, let request = requests.values.first else { return true }
        return request.activity == .waiting || nextLine == .none
    }

    /// What a line is.
    enum LineKind: Hashable, Sendable {
        case request
        /// A line of plain text. The first one is answered with a greeting.
        case plainText(isFirst: Bool)
    }

    /// Detects the peer's language by its first line.
    mutating func receive(_ line: [UInt8]) -> LineKind {
        switch language {
        case .json: return .request
        case .plainText: return .plainText(isFirst: false)
        case .undecided:
            let first = line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            let isJSON = first == UInt8(ascii: "{")
            language = isJSON ? .json : .plainText(lastID: 0)
            return isJSON ? .request : .plainText(isFirst: true)
        }
    }

    /// What a line of plain text is for.
    enum PlainAction: Hashable, Sendable {
        case run
        case answer(Int64)
        case cancel(Int64)
        /// It waits for the command that runs.
        case wait
    }

    /// - Parameter isCancel: Whether the line is the word `cancel`.
    mutating func receivePlain(_ line: [UInt8], isCancel: Bool) -> PlainAction {
        guard let (id, request) = requests.first else { return .run }
        if request.activity == .waiting { return .answer(id) }
        if isCancel { return .cancel(id) }
        nextLine = .held(line)
        return request.isStream ? .cancel(id) : .wait
    }

    /// The number of the next command in plain text.
    mutating func makeID() -> Int64 {
        guard case .plainText(let last) = language else { return 1 }
        language = .plainText(lastID: last + 1)
        return last + 1
    }

    /// Counts a line that is no request.
    ///
    /// - Returns: Whether there were too many of them, so that the session is to end.
    mutating func countBadLine() -> Bool {
        badLines += 1
        return badLines >= Self.mostBadLines
    }

    /// The input has ended.
    ///
    /// - Returns: The requests that wait for answers, which get none.
    mutating func endInput() -> [Int64] {
        guard phase == .open else { return [] }
        phase = .inputOver
        return requests.filter { $0.value.activity == .waiting }.map { id, _ in
            requests[id]?.activity = .running
            return id
        }
    }

    // MARK: Requests

    /// Why a request does not begin, and the number that the end with the reason has.
    struct Rejection: Error, Hashable {
        let id: Int64
        let end: ServerMessage.End
    }

    mutating func begin(_ id: Int64, isStream: Bool) throws(Rejection) {
        switch phase {
        case .open, .inputOver: break
        case .ending(let end, _): throw Rejection(id: id, end: end)
        case .closed, .gone: throw Rejection(id: id, end: ServerMessage.End(.cancelled))
        }
        guard requests[id] == nil else {
            throw Rejection(id: 0, end: ServerMessage.End(.badRequest, "the request \(id) still runs"))
        }
        guard requests.count < Self.mostRequests else {
            throw Rejection(
                id: id, end: ServerMessage.End(.tooManyCommands, "\(Self.mostRequests) commands run already"))
        }
        requests[id] = Request(isStream: isStream)
        commands += 1
    }

    /// A command is over.
    ///
    /// - Returns: What to say of it, `nil` when its end has been said; and the line that is to run now, after which
    ///   ``started()`` is due.
    mutating func finish(_ id: Int64, _ end: ServerMessage.End) -> (end: ServerMessage.End?, next: [UInt8]?) {
        commands -= 1
        guard requests.removeValue(forKey: id) != nil else { return (nil, nil) }
        let end = end.code == .cancelled ? cancellation ?? end : end
        guard phase == .open || phase == .inputOver, case .held(let line) = nextLine else { return (end, nil) }
        nextLine = .starting
        return (end, line)
    }

    /// The line that ``finish(_:_:)`` gave has been run.
    mutating func started() { if nextLine == .starting { nextLine = .none } }

    /// Ends what a request waits for. It runs until it finds out.
    mutating func cancel(_ id: Int64) { requests[id]?.activity = .cancelled }

    func isCancelled(_ id: Int64) -> Bool { requests[id]?.activity == .cancelled }

    // MARK: Questions

    /// A command is about to ask. An answer is stored from now on.
    mutating func expectAnswer(to id: Int64) {
        switch requests[id]?.activity {
        case .running, .answered: requests[id]?.activity = .asking
        // A task that waits already is answered first; see ``wait(for:)``.
        case .asking, .waiting, .cancelled, nil: break
        }
    }

    /// The peer answers.
    ///
    /// - Returns: Whether the command waits for it.
    mutating func answer(_ id: Int64, _ text: String?) -> Bool {
        switch requests[id]?.activity {
        case .waiting:
            requests[id]?.activity = .running
            return true
        case .asking, .answered: requests[id]?.activity = .answered(text)
        case .running, .cancelled, nil: break
        }
        return false
    }

    /// What a command that waits for an answer gets.
    enum Waiting: Hashable, Sendable {
        /// It is over.
        case cancelled
        case answer(String?)
        /// A line of plain text that was received before.
        case line([UInt8])
        /// The answer has not been received yet.
        case waits
        /// Likewise, and the command waited already: it asked twice at once, and the first question has no answer.
        case waitsInstead
    }

    mutating func wait(for id: Int64) -> Waiting {
        guard let request = requests[id], request.activity != .cancelled, phase != .closed, phase != .gone else {
            return .cancelled
        }
        if case .answered(let text) = request.activity {
            requests[id]?.activity = .running
            return .answer(text)
        }
        if case .held(let line) = nextLine {
            nextLine = .none
            requests[id]?.activity = .running
            return .line(line)
        }
        if phase == .inputOver {
            requests[id]?.activity = .running
            return .answer(nil)
        }
        requests[id]?.activity = .waiting
        return request.activity == .waiting ? .waitsInstead : .waits
    }

    // MARK: The end

    /// Ends the session.
    ///
    /// - Parameters:
    ///   - requests: What the requests end with that run.
    ///   - farewell: The last word.
    /// - Returns: The requests that run, to be cancelled.
    mutating func end(requests: ServerMessage.End, farewell: ServerMessage.End?) -> [Int64] {
        if phase == .open || phase == .inputOver { phase = .ending(requests: requests, farewell: farewell) }
        return Array(self.requests.keys)
    }

    /// Gives up the commands that do not end by themselves.
    ///
    /// - Returns: Their numbers, and what is to be said of each.
    mutating func abandon() -> (ids: [Int64], end: ServerMessage.End) {
        defer { requests = [:] }
        return (requests.keys.sorted(), cancellation ?? .interrupted)
    }

    /// Whether no command runs, and none can begin.
    var isDone: Bool { phase != .open && requests.isEmpty && nextLine != .starting }

    /// The farewell, once, when no command runs any more.
    mutating func takeFarewell() -> ServerMessage.End? {
        guard isDone, case .ending(let requests, let farewell?) = phase else { return nil }
        phase = .ending(requests: requests, farewell: nil)
        return farewell
    }

    /// The channel is closed.
    ///
    /// - Returns: The requests that run, to be cancelled.
    mutating func close() -> [Int64] {
        if phase != .gone { phase = .closed }
        return Array(requests.keys)
    }

    /// - Returns: Whether neither channel nor commands are left; once.
    mutating func takeGone() -> Bool {
        guard phase == .closed, commands == 0 else { return false }
        phase = .gone
        return true
    }

    // MARK: Saying

    /// A message as the peer's language has it.
    func bytes(_ message: ServerMessage) -> [UInt8] {
        guard isPlainText else { return message.wire }
        guard case .end(_, let end) = message else { return [] }
        return PlainOutput.bytes(of: end, isLast: isEnding)
    }
}

extension ServerMessage.End {
    /// Of a request that is ended for something that it has nothing to do with.
    static let interrupted = ServerMessage.End(.cancelled, "ended before it was done")
}
