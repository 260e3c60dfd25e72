import Shell

/// A line as it is typed at the prompt, or written in a script.
enum TypedLine {
    /// Nothing, or a comment.
    case empty
    /// `quit`.
    case end
    case command([String], isJSON: Bool, CommandFiles.Paths)

    init(_ text: String) throws(CommandFailure) {
        let words: [String]
        do throws(Words.Unclosed) {
            words = try Words(text).words
        } catch {
            throw CommandFailure(.badArgument, "\(error)")
        }
        switch words {
        case []: self = .empty
        case ["quit"], ["exit"]: self = .end
        default:
            let line = try ClientCommandLine(words)
            switch line.mode {
            case .command(let argv) where line.socket == nil: self = .command(argv, isJSON: line.isJSON, line.paths)
            case .help: self = .command(["help"], isJSON: line.isJSON, line.paths)
            default:
                let word = line.socket == nil ? words[0] : "--socket"
                throw CommandFailure(.badArgument, "`\(word)` is for the command line of invitectl")
            }
        }
    }
}

extension ClientCommandLine {
    /// Where the file of the command is.
    var paths: CommandFiles.Paths { CommandFiles.Paths(output: output, input: input) }
}
