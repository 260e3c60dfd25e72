internal import Shell

/// A command's output in the protocol of JSON lines.
struct SessionOutput: CommandOutput {
    private let session: Session
    private let id: Int64
    let width: Int
    private let isInteractive: Bool

    init(_ session: Session, id: Int64, width: Int, isInteractive: Bool) {
        self.session = session
        self.id = id
        self.width = width
        self.isInteractive = isInteractive
    }

    func row(_ row: JSON) async throws { try await say(.row(id: id, row)) }
    func text(_ text: String) async throws { try await say(.text(id: id, text)) }
    func progress(_ message: String) async throws { try await say(.progress(id: id, message)) }
    func event(_ event: JSON) async throws { try await say(.event(id: id, event)) }

    var carriesFiles: Bool { true }
    func data(_ bytes: [UInt8]) async throws { try await say(.data(id: id, bytes)) }

    func nextData() async throws -> [UInt8]? {
        // Whether a person is there or not.
        session.expectAnswer(to: id)
        try await say(.ask(id: id, .data(most: ServerMessage.Question.mostData)))
        guard let text = try await session.answer(to: id) else { return nil }
        guard let bytes = [UInt8](base64: text) else {
            throw CommandFailure(.badRequest, "the bytes of the file are not base64")
        }
        return bytes
    }

    func ask(_ question: ServerMessage.Question) async throws -> String? {
        guard isInteractive else { throw CommandFailure(question) }
        session.expectAnswer(to: id)
        try await say(.ask(id: id, question))
        return try await session.answer(to: id)
    }

    private func say(_ message: ServerMessage) async throws { try await session.sendQueue.put(message.wire) }
}

extension CommandFailure {
    /// The question cannot be asked here.
    init(_ question: ServerMessage.Question) {
        switch question {
        case .confirm(let prompt):
            self.init(.unconfirmed, "nobody is there to be asked: \(prompt)", hint: "say `--yes` if it shall be done")
        case .data:
            self.init(
                .needsTerminal, "this goes with a file, which cannot be sent here",
                hint: "use `invitectl`, or the protocol of JSON lines")
        case .secret, .edit: self.init(.needsTerminal, "this needs `invitectl` at a terminal")
        }
    }
}
