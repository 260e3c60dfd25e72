import Shell

/// Events that come in groups with the same `look`: each group replaces the one before on the terminal.
struct Looks {
    private let screen: Screen
    private let fields: [Field]
    private var look: JSON?
    private var rows: [JSON] = []
    private var hasNews = false
    /// Lines of what is drawn.
    private var height = 0

    init(_ screen: Screen, _ fields: [Field]) {
        self.screen = screen
        self.fields = fields.filter { $0.name != "look" }
    }

    mutating func add(_ event: JSON) {
        guard case .object(var members) = event else { return }
        let next = members.removeValue(forKey: "look")
        if next != look {
            look = next
            rows = []
        }
        rows.append(.object(members))
        hasNews = true
    }

    mutating func draw() {
        guard hasNews else { return }
        hasNews = false
        let terminal = screen.terminal
        let renderer = TextRenderer(width: terminal.width, isColored: terminal.isColored)
        let lines = renderer.table(rows, fields).prefix(max(1, terminal.height - 1))
        // After a resize the lines before may have been broken, and what is above them is not ours to clear.
        if height > 0 { screen.output.write("\u{1B}[\(min(height, terminal.height - 1))A\r") }
        screen.output.write("\u{1B}[J")
        for line in lines { screen.output.line(line) }
        screen.output.flush()
        height = lines.count
    }
}
