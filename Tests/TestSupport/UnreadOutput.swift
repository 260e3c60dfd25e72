internal import Control
package import Shell

/// Takes nothing of what a command answers: the command waits with its first word until it is cancelled.
package struct UnreadOutput: CommandOutput {
    package let width = 80
    /// Each word that waits.
    package let waiting = Inbox<Void>()

    package init() {}

    package func row(_ row: JSON) async throws { try await wait() }
    package func text(_ text: String) async throws { try await wait() }
    package func progress(_ message: String) async throws { try await wait() }
    package func event(_ event: JSON) async throws { try await wait() }

    package func ask(_ question: ServerMessage.Question) async throws -> String? {
        try await wait()
        return nil
    }

    private func wait() async throws {
        waiting.put(())
        try await Inbox<Void>().next()
    }
}
