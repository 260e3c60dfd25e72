/// What a word of a command line could become.
package struct CompletionCandidate: Hashable, Sendable {
    package let value: String
    /// What it is, in a few words; empty when it says it itself.
    package let summary: String

    package init(_ value: String, _ summary: String = "") {
        self.value = value
        self.summary = summary
    }
}
