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
        case .row: write("row", of: line)
        case .event: write("event", of: line)
        case .text(_, let text):
            screen.output.line(String(decoding: (["text": .text(text)] as JSON).bytes, as: UTF8.self))
        case .hello, .progress, .ask, .end: break
        }
    }

    func idle() { screen.output.flush() }
    func flush() { screen.output.flush() }

    func end(_ end: ServerMessage.End, line: ArraySlice<UInt8>?) {
        screen.output.flush()
        guard end.code != .ok else { return }
        if let object = line.flatMap({ JSONMember.find("end", in: $0) }) {
            screen.errors.write(JSONMember.harmless(object))
            screen.errors.write("\n")
        } else {
            screen.errors.line(ServerMessage.end(id: 0, end).json["end"]?.line ?? "")
        }
        screen.errors.flush()
    }

    private func write(_ name: String, of line: ArraySlice<UInt8>) {
        guard let object = JSONMember.find(name, in: line) else { return }
        screen.output.write(JSONMember.harmless(object))
        screen.output.write("\n")
    }
}
