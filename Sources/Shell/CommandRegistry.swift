/// All commands of the shell.
package struct CommandRegistry: Sendable {
    /// In the order of the reference.
    package let commands: [CommandSpec]
    private let byPath: [[String]: CommandSpec]

    /// The commands of this version.
    package static let standard = CommandRegistry(
        GeneralCommands.all + HostCommands.all + InviteCommands.all + ConfigCommands.all + ServerCommands.all
            + WatchingCommands.all)

    package init(_ commands: [CommandSpec]) {
        self.commands = commands
        byPath = Dictionary(commands.map { ($0.path, $0) }) { first, _ in first }
    }

    /// The command with this path.
    package subscript(path: [String]) -> CommandSpec? { byPath[path] }

    /// The command that a line begins with, the one with the longest path, and the words after its path.
    package func match(_ words: [String]) -> (spec: CommandSpec, rest: [String])? {
        for count in stride(from: min(words.count, Self.longestPath), to: 0, by: -1) {
            if let spec = byPath[Array(words.prefix(count))] { return (spec, Array(words.dropFirst(count))) }
        }
        return nil
    }

    private static let longestPath = 4

    /// Whether a line may contain a secret, and must not be stored: an argument that is one, or any word as long as the
    /// token of an invite.
    package func mayHoldSecret(_ words: [String]) -> Bool {
        if let (spec, rest) = match(words), !rest.isEmpty, spec.arguments.contains(where: \.isSecret) { return true }
        return words.contains { word in
            word.contains("preauth")
                || word.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.contains {
                    $0.utf8.count >= Self.tokenLength
                }
        }
    }

    private static let tokenLength = 29

    /// The words that may follow these in a path, in order.
    package func words(after path: [String]) -> [String] {
        var words: [String] = []
        for spec in commands where spec.path.count > path.count && spec.path.starts(with: path) {
            let word = spec.path[path.count]
            if !words.contains(word) { words.append(word) }
        }
        return words
    }

    /// The first words that belong to the path of some command.
    func longestKnownPrefix(of words: [String]) -> [String] {
        var known: [String] = []
        for word in words {
            guard self.words(after: known).contains(word) else { break }
            known.append(word)
        }
        return known
    }

    /// The commands whose path begins with these words.
    package func commands(below path: [String]) -> [CommandSpec] {
        commands.filter { $0.path.starts(with: path) }
    }

    /// What a caller with this role may use.
    package func visible(to role: Role) -> CommandRegistry {
        CommandRegistry(commands.filter { $0.role <= role })
    }

    /// Distinguishes versions of the commands: 16 hexadecimal digits. It takes milliseconds to compute.
    package var hash: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        // FNV-1a over all that a client could know of a command.
        for byte in commands.map({ String(describing: $0) }).joined(separator: "\n").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
