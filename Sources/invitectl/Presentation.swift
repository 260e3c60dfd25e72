import Shell

/// How the answer to one command is shown.
protocol Presentation: AnyObject {
    /// - Parameter line: The message as it was received.
    func show(_ message: ServerMessage, line: ArraySlice<UInt8>)
    /// Nothing more has been received for now: what there is may be shown.
    func idle()
    /// Shows what was held back, before a question is asked.
    func flush()
    /// The command ended because the person pressed Ctrl-C.
    func interrupted(_ end: ServerMessage.End, line: ArraySlice<UInt8>?)
    /// How the command ended otherwise.
    func end(_ end: ServerMessage.End, line: ArraySlice<UInt8>?)
}

/// Where presentations write.
struct Screen {
    let terminal = Terminal()
    private(set) var output: Output
    let errors: Output
    let signals: Signals

    init(_ signals: Signals) {
        self.signals = signals
        output = Output(1, signals)
        errors = Output(2, signals)
    }

    /// The same with standard error in place of standard output, which is for something else.
    var onErrors: Screen {
        var screen = self
        screen.output = errors
        return screen
    }
}
