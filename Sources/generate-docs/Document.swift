import Configuration
import Shell

/// A file of the repository that is made from the commands and the keys.
struct Document: Sendable {
    /// Relative to the repository's top.
    let path: String
    let text: String

    static var all: [Document] {
        let registry = CommandRegistry.standard
        return [
            Document(path: "docs/shell.md", text: ShellReference.document(registry)),
            Document(path: "docs/shell.schema.json", text: JSONSchema.document(of: registry).pretty),
            Document(path: "docs/man/invitectl.1", text: ManualPage.client(registry).text),
            Document(path: "docs/man/invited.yaml.5", text: ManualPage.configuration.text),
            Document(path: "docs/man/invited.8", text: ManualPage.daemon.text),
            Document(path: "completions/invitectl.bash", text: BashCompletion.script),
            Document(path: "completions/_invitectl", text: ZshCompletion.script),
        ]
    }
}
