internal import Logging
internal import Runtime
package import XMPP

extension Supervisor {
    /// How the connection to the server is.
    package nonisolated var componentReport: ComponentReport { connection.report }

    /// How many answers, or bundles of them, found no connection.
    package nonisolated var droppedAnswers: Int { connection.outlet.dropped }

    /// Ends the connection in good order, after what was accepted is answered, and connects again. Where it waits to
    /// try again, it tries at once.
    ///
    /// - Parameter limit: How long the answers may take.
    /// - Returns: What the attempt came to.
    package nonisolated func reconnect(within limit: Duration = .seconds(10)) async -> ComponentReport {
        await connection.pause()
        let inFlight = resources.inFlight
        if await !finishes(within: limit, sleep: surroundings.sleep, { await inFlight.waitUntilNone() }) {
            surroundings.logger.warning("left requests unanswered", metadata: ["count": "\(inFlight.count)"])
        }
        return await connection.reconnect()
    }
}
