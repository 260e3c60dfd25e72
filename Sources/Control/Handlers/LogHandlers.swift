internal import Access
internal import Invites
internal import Logging
internal import Shell

/// `log follow` and `log level`.
package struct LogHandlers: Sendable {
    private let hub: LogHub
    private let limiter = CommandLimiter()

    package init(_ hub: LogHub) {
        self.hub = hub
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["log follow"] = { call in try await limiter.run(call) { try await follow(call) } }
        handlers["log level"] = { call in try await level(call) }
    }

    private func follow(_ call: Call) async throws -> Outcome {
        let level = call.invocation.text("level").flatMap(Logger.Level.init(rawValue:)) ?? hub.loggedLevel
        let (feed, number) = hub.subscribe(level, host: call.invocation.text("host"))
        defer { hub.unsubscribe(number) }
        try await call.output.progress("following the log")
        while let batch = await feed.next() {
            if batch.dropped > 0 { try await call.output.dropped(batch.dropped) }
            for entry in batch.elements {
                try await call.output.event(
                    .row([
                        "time": .preciseTime(entry.time),
                        "level": .text(entry.level.rawValue),
                        "message": .text(entry.message),
                        "metadata": .object(entry.metadata.mapValues(JSON.text)),
                    ]))
            }
        }
        throw CancellationError()
    }

    private func level(_ call: Call) async throws -> Outcome {
        let before = hub.setting
        if let level = call.invocation.text("level").flatMap(Logger.Level.init(rawValue:)) {
            hub.set(level, for: call.invocation.duration("for"))
        } else if call.invocation.duration("for") != nil {
            throw CommandFailure(.badArgument, "`--for` needs a level", hint: "such as `log level debug --for 10m`")
        }
        let after = hub.setting
        try await call.output.row(
            .row(["level": .text(after.level.rawValue), "until": after.until.map(JSON.time)]))
        return Outcome(before: before.words, after: after.words)
    }
}

extension LogHub.Setting {
    fileprivate var words: String {
        until.map { "\(level) until \(JSON.time($0).text ?? "")" } ?? level.rawValue
    }
}
