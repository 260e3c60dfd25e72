import Shell

/// The file that a command transfers, if any.
struct CommandFiles {
    /// What the caller said of it.
    struct Paths {
        var output: String?
        var input: String?
        /// Whether standard input is where the commands are.
        var isScript = false
    }

    let output: FileOutput?
    let input: FileInput?

    init(_ spec: CommandSpec?, _ paths: Paths, _ screen: Screen) throws(CommandFailure) {
        switch spec?.file {
        case .output?: (output, input) = (try FileOutput(paths.output, screen), nil)
        case .input?: (output, input) = (nil, try FileInput(paths.input, isScript: paths.isScript, screen))
        case nil: (output, input) = (nil, nil)
        }
    }

    /// Checks the file once all that the daemon sends has been received.
    ///
    /// - Parameter sent: How many bytes it has sent, by what it says.
    func finish(sent: Int?) throws(CommandFailure) {
        guard let output else { return }
        guard output.count == sent else {
            throw CommandFailure(.failedBackup, "not all of the file has come")
        }
        try output.finish()
    }
}
