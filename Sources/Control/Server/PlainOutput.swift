internal import Shell
internal import Synchronization
internal import Text

/// A command's output in plain text.
struct PlainOutput: CommandOutput {
    /// Rows of a table wait for each other, so that their columns are as wide as they need.
    private final class Rows: Sendable {
        let waiting = Mutex<[JSON]>([])
    }

    private let session: Session
    private let id: Int64
    private let shape: ResultShape
    private let rows = Rows()
    let width = 80
    private let renderer = TextRenderer(width: 80, isColored: false)
    private static let mostRows = 500

    init(_ session: Session, id: Int64, shape: ResultShape) {
        self.session = session
        self.id = id
        self.shape = shape
    }

    func row(_ row: JSON) async throws {
        let count = rows.waiting.withLock { waiting in
            waiting.append(row)
            return waiting.count
        }
        if case .table = shape, count < Self.mostRows { return }
        try await flush()
    }

    func text(_ text: String) async throws {
        try await flush()
        try await say(renderer.text(text))
    }

    func progress(_ message: String) async throws { try await text(message) }

    func event(_ event: JSON) async throws {
        try await flush()
        try await say([renderer.event(event, shape.fields)])
    }

    func ask(_ question: ServerMessage.Question) async throws -> String? {
        guard case .confirm(let prompt) = question else { throw CommandFailure(question) }
        try await flush()
        try await session.sendQueue.put(Array("\(prompt.escapingControls) [yes/no] ".utf8))
        return try await session.answer(to: id)
    }

    /// Says the rows that wait.
    func flush() async throws {
        let rows = rows.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if rows.isEmpty { return }
        if case .record(let fields) = shape {
            try await say(rows.flatMap { renderer.record($0, fields) })
        } else {
            try await say(renderer.table(rows, shape.fields))
        }
    }

    private func say(_ lines: [String]) async throws {
        try await session.sendQueue.put(Array(lines.map { $0 + "\n" }.joined().utf8))
    }
}
