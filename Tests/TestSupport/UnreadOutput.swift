internal import Control
package import Shell

/// Accepts no output of a command: the command waits with its first message until it is cancelled.
package struct UnreadOutput: CommandOutput {
    package let width = 80
    /// Each word that waits.
    package let waiting = Inbox<Void>()

    package let carriesFiles: Bool

    package init(carriesFiles: Bool = false) { self.carriesFiles = carriesFiles }

    package func row(_ row: JSON) async throws { try await wait() }
    package func text(_ text: String) async throws { try await wait() }
    package func progress(_ message: String) async throws { try await wait() }
    package func event(_ event: JSON) async throws { try await wait() }

    package func data(_ bytes: [UInt8]) async throws { try await wait() }

    package func nextData() async throws -> [UInt8]? {
        try await wait()
        return nil
    }

    package func ask(_ question: ServerMessage.Question) async throws -> String? {
        try await wait()
        return nil
    }

    private func wait() async throws {
        waiting.put(())
        try await Inbox<Void>().next()
    }
}
