/// Separates the options from the arguments after a command's path, for all code that reads command lines.
///
/// An option is `--name`, followed by its value in the same word after `=` or in the next one. After `--` all words are
/// arguments. Nothing is checked.
package struct OptionScanner: Sequence, IteratorProtocol {
    package enum Token: Hashable, Sendable {
        case argument(String)
        /// An option and its value; `nil` for a flag, and where the words end before it.
        case option(CommandSpec.Option, String?)
        /// A word that begins as an option does that is none of them.
        case unknownOption(String)
        /// The word `--`.
        case endOfOptions
    }

    private let options: [CommandSpec.Option]
    /// The remaining words.
    package private(set) var rest: ArraySlice<String>
    private var areOptionsOver = false

    package init(_ words: some Sequence<String>, options: [CommandSpec.Option]) {
        self.options = options
        rest = ArraySlice(words)
    }

    package mutating func next() -> Token? {
        guard let word = rest.popFirst() else { return nil }
        if areOptionsOver || !word.hasPrefix("--") { return .argument(word) }
        if word == "--" {
            areOptionsOver = true
            return .endOfOptions
        }
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = options.first(where: { $0.name == parts[0] }) else { return .unknownOption(word) }
        if parts.count == 2 { return .option(option, String(parts[1])) }
        return .option(option, option.kind == nil ? nil : rest.popFirst())
    }
}

/// A command's line up to the word that is completed, as far as it can be understood.
package struct UnfinishedLine {
    package let spec: CommandSpec
    package private(set) var arguments: [String] = []
    /// The options that are given.
    package private(set) var options: [CommandSpec.Option] = []
    /// The option whose value is expected next.
    package private(set) var openOption: CommandSpec.Option?
    package private(set) var areOptionsOver = false

    /// - Parameter words: Those after the command's path, without the one that is completed.
    package init(_ spec: CommandSpec, _ words: [String]) {
        self.spec = spec
        for token in OptionScanner(words, options: spec.options) {
            switch token {
            case .argument(let word): arguments.append(word)
            case .option(let option, let value):
                options.append(option)
                if option.kind != nil, value == nil { openOption = option }
            case .unknownOption: break
            case .endOfOptions: areOptionsOver = true
            }
        }
    }

    /// What the next word is, if it is no option.
    package var nextArgument: CommandSpec.Argument? {
        if arguments.count < spec.arguments.count { return spec.arguments[arguments.count] }
        return spec.arguments.last.flatMap { $0.isRepeating ? $0 : nil }
    }
}
