import YAML

/// How the values of a type are read from files, taken from command lines, and written.
struct SettingCodec<Value: Sendable>: Sendable {
    /// What the manual calls such a value.
    let type: String
    let words: SettingWords
    /// Values that it takes, for completion.
    let examples: [String]
    /// Reports what is wrong with a value, and then returns `nil`.
    let read: @Sendable (YAMLNode, SettingContext, inout DiagnosticReport) -> Value?
    /// The value in its canonical form; `nil` for none.
    let write: @Sendable (Value) -> HostValue?

    init(
        _ type: String, words: SettingWords, examples: [String] = [],
        read: @escaping @Sendable (YAMLNode, SettingContext, inout DiagnosticReport) -> Value?,
        write: @escaping @Sendable (Value) -> HostValue?
    ) {
        self.type = type
        self.words = words
        self.examples = examples
        self.read = read
        self.write = write
    }
}

/// What a value is read for.
struct SettingContext: Sendable {
    let key: String
    /// The host; `nil` where the value is for several.
    let host: String?
}

/// What the words of a command line are to a setting. What was quoted for the shell was not quoted for YAML.
enum SettingWords: Hashable, Sendable {
    /// One word as it would stand in a file.
    case plain
    /// One word that is a text, even if YAML would read another type from it.
    case text
    /// The items of a list; or, beginning with `[`, the list as in the file, so that `[]` is none.
    case list
}
