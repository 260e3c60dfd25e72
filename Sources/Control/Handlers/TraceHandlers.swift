internal import Access
internal import Component
package import Daemon
internal import Shell
internal import Supervision
internal import XMPP

/// `trace`: the stanzas of a host, live.
package struct TraceHandlers: Sendable {
    private let daemon: Daemon
    private let limiter = CommandLimiter()

    /// Stanzas that may wait for the reader. Each is at most what the stream reads of one.
    private static let capacity = 1000

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["trace"] = { call in try await limiter.run(call) { try await trace(call) } }
    }

    private func trace(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let redactor = StanzaRedactor(hosts: call.caller.hosts, revealsTokens: call.invocation.has("reveal"))
        let feed = Feed<WatchedStanza>(capacity: Self.capacity)
        let watch = daemon.component.watch(host, naming: call.caller.hosts.contains) { feed.push($0) }
        defer { watch.end() }
        try await call.output.progress("watching \(host)")
        var leftOut = 0
        while let batch = await feed.next() {
            var dropped = batch.dropped
            for stanza in batch.elements {
                dropped += stanza.leftOut - leftOut
                leftOut = stanza.leftOut
                if dropped > 0 { try await call.output.dropped(dropped) }
                dropped = 0
                try await call.output.event(
                    .row([
                        "time": .preciseTime(stanza.time),
                        "direction": .text(stanza.direction.rawValue),
                        "stanza": .text(redactor.redact(stanza.element).xml()),
                    ]))
            }
            if dropped > 0 { try await call.output.dropped(dropped) }
        }
        throw CancellationError()
    }
}
