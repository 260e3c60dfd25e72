package import Shell

/// The destination of a command's output: a session, or a test.
///
/// The functions return when there is room for more: only the command itself waits for its reader.
package protocol CommandOutput: Sendable {
    /// Columns of the caller's terminal; 0 where there is none.
    var width: Int { get }
    /// - Throws: `CancellationError` when the answer is no longer wanted.
    func row(_ row: JSON) async throws
    /// - Throws: `CancellationError` when the answer is no longer wanted.
    func text(_ text: String) async throws
    /// - Throws: `CancellationError` when the answer is no longer wanted.
    func progress(_ message: String) async throws
    /// - Throws: `CancellationError` when the answer is no longer wanted.
    func event(_ event: JSON) async throws
    /// Asks the person, and waits for the answer.
    ///
    /// - Returns: The answer; `nil` where the person gave none.
    /// - Throws: ``CommandFailure`` with ``ResultCode/unconfirmed`` where there is no person to ask, or
    ///   ``ResultCode/needsTerminal`` where this cannot be asked; `CancellationError`.
    func ask(_ question: ServerMessage.Question) async throws -> String?
    /// Whether files can be sent and taken here.
    var carriesFiles: Bool { get }
    /// Sends the next bytes of a file, at most ``ServerMessage/Question/mostData``.
    ///
    /// - Throws: `CancellationError` when the answer is no longer wanted.
    func data(_ bytes: [UInt8]) async throws
    /// Takes the next bytes of a file.
    ///
    /// - Returns: None at the end of the file; `nil` where the sender has abandoned it.
    /// - Throws: ``CommandFailure``, `CancellationError`.
    func nextData() async throws -> [UInt8]?
}

extension CommandOutput {
    // As most have it: they are for people, or for rows.
    package var carriesFiles: Bool { false }
    package func data(_ bytes: [UInt8]) async throws { throw CommandFailure(.data(most: bytes.count)) }
    package func nextData() async throws -> [UInt8]? {
        throw CommandFailure(.data(most: ServerMessage.Question.mostData))
    }

    /// Says that so many events were left out.
    package func dropped(_ count: Int) async throws {
        try await event(["dropped": .integer(Int64(count))])
    }
}
