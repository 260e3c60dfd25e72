import Shell
import Text

/// Shows answers to people: tables, records, lines.
final class TextPresentation: Presentation {
    private let screen: Screen
    private let shape: ResultShape?
    /// Whether it is of interest how far a command got that was ended.
    private let isChange: Bool
    /// The prefix of the message of a failure.
    private let prefix: String
    private var rows: [JSON] = []
    private var lines: [String] = []
    private var hasShownRows = false
    private var status: ProgressLine
    private var looks: Looks?

    /// The most rows in one table; more are shown in several.
    private static let mostRows = 50_000

    /// - Parameter spec: The command's; `nil` where only the daemon knows it.
    init(_ screen: Screen, _ spec: CommandSpec?, prefix: String) {
        self.screen = screen
        shape = spec?.result
        isChange = spec?.effect != .read
        self.prefix = prefix
        status = ProgressLine(screen)
        if screen.terminal.isOutput, !screen.terminal.isDumb, case .events(let fields)? = shape,
            fields.contains(where: { $0.name == "look" })
        {
            looks = Looks(screen, fields)
        }
    }

    private var renderer: TextRenderer {
        TextRenderer(width: screen.terminal.width, isColored: screen.terminal.isColored)
    }

    func show(_ message: ServerMessage, line: ArraySlice<UInt8>) {
        switch message {
        case .row(_, let row):
            if case .record(let fields)? = shape {
                if hasShownRows { lines.append("") }
                lines += renderer.record(row, fields)
                hasShownRows = true
            } else {
                rows.append(row)
                if rows.count == Self.mostRows { flush() }
            }
        case .text(_, let text):
            endTable()
            lines += renderer.text(text)
        case .event(_, let event):
            status.clear()
            if looks != nil {
                looks?.add(event)
            } else {
                screen.output.line(renderer.event(event, shape?.fields ?? []))
            }
        case .progress(_, let message): status.show(message)
        case .hello, .data, .ask, .end: break
        }
    }

    func idle() {
        looks?.draw()
        screen.output.flush()
    }

    func flush() {
        endTable()
        guard !lines.isEmpty else { return }
        status.clear()
        let isLong =
            screen.terminal.isInteractive && !screen.terminal.isDumb && height(of: lines) >= screen.terminal.height
        if !isLong || !Pager.show(lines, screen.signals) {
            for line in lines { screen.output.line(line) }
        }
        screen.output.flush()
        lines = []
    }

    func interrupted(_ end: ServerMessage.End, line: ArraySlice<UInt8>?) {
        looks?.draw()
        status.clear()
        // Below the `^C` that the terminal has shown.
        if screen.terminal.isInput, screen.terminal.isOutput { screen.output.line("") }
        flush()
        screen.output.flush()
        if isChange { fail(end) }
    }

    func end(_ end: ServerMessage.End, line: ArraySlice<UInt8>?) {
        looks?.draw()
        if end.code == .ok {
            if !end.message.isEmpty {
                endTable()
                lines += renderer.message(end.message)
            }
            flush()
            if case .table? = shape, !hasShownRows, end.message.isEmpty, screen.terminal.isOutput {
                screen.output.line("(none)")
            }
            // What to do next is for people, not for what reads a script's output.
            if let hint = end.hint, screen.terminal.isOutput { show(hint: hint, on: screen.output) }
        } else {
            flush()
        }
        status.clear()
        screen.output.flush()
        if end.code != .ok { fail(end) }
    }

    private func fail(_ end: ServerMessage.End) {
        let message = end.message.isEmpty ? "the command failed" : end.message
        for line in renderer.message("\(prefix)\(message) (\(end.code.rawValue))") { screen.errors.line(line) }
        if let hint = end.hint { show(hint: hint, on: screen.errors) }
        screen.errors.flush()
    }

    private func show(hint: String, on output: Output) {
        for line in renderer.message("hint: \(hint)") { output.line(line) }
    }

    private func endTable() {
        guard !rows.isEmpty else { return }
        lines += renderer.table(rows, shape?.fields ?? [])
        hasShownRows = true
        rows = []
    }

    /// The rows of the terminal that lines take, or a few more.
    private func height(of lines: [String]) -> Int {
        let width = max(1, screen.terminal.width)
        return lines.reduce(0) { $0 + max(1, ($1.utf8.count + width - 1) / width) }
    }
}

/// The latest progress message, in the terminal's last line, removed as soon as there is something else to show.
struct ProgressLine {
    private let screen: Screen
    private var isShown = false

    init(_ screen: Screen) {
        self.screen = screen
    }

    mutating func show(_ message: String) {
        guard screen.terminal.isError, !screen.terminal.isDumb else { return }
        let width = screen.terminal.isOutput ? screen.terminal.width : 80
        screen.errors.write("\r\u{1B}[K" + TextRenderer.cut(message.escapingControls + "…", to: width - 1))
        screen.errors.flush()
        isShown = true
    }

    mutating func clear() {
        guard isShown else { return }
        screen.errors.write("\r\u{1B}[K")
        screen.errors.flush()
        isShown = false
    }
}
