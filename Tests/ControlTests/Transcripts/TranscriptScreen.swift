import Control
import Foundation
import Shell
import Synchronization

/// Shows an answer as people see it in a terminal, and answers the questions.
final class TranscriptScreen: CommandOutput {
    private struct State {
        var lines: [String] = []
        var rows: [JSON] = []
        /// All rows and events.
        var all: [JSON] = []
        var hasRecord = false
        var answers: [String]
    }

    let width: Int
    private let renderer: TextRenderer
    private let shape: ResultShape
    private let state: Mutex<State>

    /// - Parameter expected: What is to be seen, in which the answers to questions are.
    init(_ shape: ResultShape, columns: Int, expected: [String]) {
        width = columns
        renderer = TextRenderer(width: columns, isColored: false)
        self.shape = shape
        var answers: [String] = []
        for line in expected {
            if line.hasPrefix("? edit ") {
                answers.append("")
            } else if line.hasPrefix("? "), let range = line.range(of: " => ", options: .backwards) {
                answers.append(String(line[range.upperBound...]))
            } else if line.hasPrefix("|"), !answers.isEmpty {
                answers[answers.count - 1] += line.dropFirst(2) + "\n"
            }
        }
        state = Mutex(State(answers: answers))
    }

    var lines: [String] { state.withLock { $0.lines } }
    var rows: [JSON] { state.withLock { $0.all } }

    func row(_ row: JSON) {
        state.withLock { state in
            state.all.append(row)
            guard case .record(let fields) = shape else { return state.rows.append(row) }
            if state.hasRecord { state.lines.append("") }
            state.hasRecord = true
            state.lines += renderer.record(row, fields)
        }
    }

    func text(_ text: String) {
        flush()
        say(renderer.text(text))
    }

    func progress(_ message: String) {}

    func event(_ event: JSON) {
        state.withLock { $0.all.append(event) }
        say([renderer.event(event, shape.fields)])
    }

    func ask(_ question: ServerMessage.Question) throws -> String? {
        flush()
        guard let answer = state.withLock({ $0.answers.isEmpty ? nil : $0.answers.removeFirst() }) else {
            throw CommandFailure(.unconfirmed, "nobody answers", hint: "\(question)")
        }
        switch question {
        case .confirm(let prompt), .secret(let prompt): say(["? \(prompt) => \(answer)"])
        case .edit(let name, _, let mistakes):
            let lines = answer.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            say(mistakes + ["? edit \(name)"] + lines.map { "| \($0)" })
        // Files are no text.
        case .data: break
        }
        return answer
    }

    func end(_ end: ServerMessage.End) {
        flush()
        if end.code != .ok {
            say(["error \(end.code.rawValue): \(end.message)"])
        } else if !end.message.isEmpty {
            say(renderer.text(end.message))
        }
        if let hint = end.hint { say(["hint: \(hint)"]) }
    }

    private func flush() {
        state.withLock { state in
            if !state.rows.isEmpty { state.lines += renderer.table(state.rows, shape.fields) }
            state.rows = []
        }
    }

    private func say(_ lines: [String]) { state.withLock { $0.lines += lines } }
}
