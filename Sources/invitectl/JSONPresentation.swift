import Shell

/// Shows answers to programs: each row, event or text as one JSON object in a line, and a failure likewise on standard
/// error.
final class JSONPresentation: Presentation {
    private let screen: Screen

    init(_ screen: Screen) {
        self.screen = screen
    }

    func show(_ message: ServerMessage, line: ArraySlice<UInt8>) {
        switch message {
        case .row: if let row = JSONMember.find("row", in: line) { write(row, to: screen.output) }
        case .event: if let event = JSONMember.find("event", in: line) { write(event, to: screen.output) }
        case .text(_, let text): write((["text": .text(text)] as JSON).bytes[...], to: screen.output)
        case .hello, .progress, .data, .ask, .end: break
        }
    }

    func idle() { screen.output.flush() }
    func flush() { screen.output.flush() }

    func interrupted(_ end: ServerMessage.End, line: ArraySlice<UInt8>?) {
        if !screen.output.isBroken { self.end(end, line: line) }
    }

    func end(_ end: ServerMessage.End, line: ArraySlice<UInt8>?) {
        screen.output.flush()
        guard end.code != .ok else { return }
        let shown = line.flatMap { JSONMember.find("end", in: $0) } ?? end.json.bytes[...]
        write(shown, to: screen.errors)
        screen.errors.flush()
    }

    private func write(_ json: ArraySlice<UInt8>, to output: Output) {
        output.write(JSONMember.harmless(json))
        output.write("\n")
    }
}
