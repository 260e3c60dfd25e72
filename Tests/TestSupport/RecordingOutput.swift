internal import Control
package import Shell
internal import Synchronization

/// Takes what a command answers, and answers what it asks.
package final class RecordingOutput: CommandOutput {
    package let width: Int
    /// The answers to its questions, in order; after the last, it cannot ask.
    private let answers: Mutex<[String?]>
    /// What it takes files from, and has taken of one.
    private let file: Mutex<(toSend: [UInt8], sent: [UInt8])>
    private let received = Mutex<[ServerMessage]>([])
    /// The messages in order, as they are sent: for tests that wait.
    package let messages = Inbox<ServerMessage>()

    package init(width: Int = 80, answers: [String?] = [], file: [UInt8] = []) {
        self.file = Mutex((file, []))
        self.width = width
        self.answers = Mutex(answers)
    }

    package var rows: [JSON] {
        received.withLock { $0.compactMap { if case .row(_, let row) = $0 { row } else { nil } } }
    }

    package var texts: [String] {
        received.withLock { $0.compactMap { if case .text(_, let text) = $0 { text } else { nil } } }
    }

    package var events: [JSON] {
        received.withLock { $0.compactMap { if case .event(_, let event) = $0 { event } else { nil } } }
    }

    package var questions: [ServerMessage.Question] {
        received.withLock { $0.compactMap { if case .ask(_, let question) = $0 { question } else { nil } } }
    }

    package func row(_ row: JSON) throws { try take(.row(id: 1, row)) }
    package func text(_ text: String) throws { try take(.text(id: 1, text)) }
    package func progress(_ message: String) throws { try take(.progress(id: 1, message)) }
    package func event(_ event: JSON) throws { try take(.event(id: 1, event)) }

    package func ask(_ question: ServerMessage.Question) throws -> String? {
        try take(.ask(id: 1, question))
        return try answers.withLock { answers in
            if answers.isEmpty { throw CommandFailure(.unconfirmed, "nobody can be asked here", hint: "--yes") }
            return answers.removeFirst()
        }
    }

    package var carriesFiles: Bool { true }
    package var data: [UInt8] { file.withLock { $0.sent } }

    package func data(_ bytes: [UInt8]) throws {
        try Task.checkCancellation()
        file.withLock { $0.sent += bytes }
    }

    package func nextData() throws -> [UInt8]? {
        try Task.checkCancellation()
        return file.withLock { file in
            defer { file.toSend = Array(file.toSend.dropFirst(ServerMessage.Question.mostData)) }
            return Array(file.toSend.prefix(ServerMessage.Question.mostData))
        }
    }

    private func take(_ message: ServerMessage) throws {
        try Task.checkCancellation()
        received.withLock { $0.append(message) }
        messages.put(message)
    }
}
