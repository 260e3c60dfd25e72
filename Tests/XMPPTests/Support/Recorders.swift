import Logging
import Synchronization

@testable import XMPP

/// What happened, in order; and a way to wait for more of it.
final class Recorder<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        let isEnough: @Sendable ([Value]) -> Bool
        let continuation: CheckedContinuation<[Value], Never>
    }

    private struct State: Sendable {
        var values: [Value] = []
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var values: [Value] { state.withLock { $0.values } }

    func record(_ value: Value) {
        let (ready, values) = state.withLock { state in
            state.values.append(value)
            let values = state.values
            let ready = state.waiters.filter { $0.value.isEnough(values) }
            for number in ready.keys { state.waiters[number] = nil }
            return (Array(ready.values), values)
        }
        for waiter in ready { waiter.continuation.resume(returning: values) }
    }

    /// Waits until what happened so far satisfies a condition, or the test takes too long.
    @discardableResult
    func wait(until isEnough: @escaping @Sendable ([Value]) -> Bool) async -> [Value] {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let values = state.withLock { state -> [Value]? in
                    if isEnough(state.values) || Task.isCancelled { return state.values }
                    state.waiters[number] = Waiter(isEnough: isEnough, continuation: continuation)
                    return nil
                }
                if let values { continuation.resume(returning: values) }
            }
        } onCancel: {
            let (waiter, values) = state.withLock { ($0.waiters.removeValue(forKey: number), $0.values) }
            waiter?.continuation.resume(returning: values)
        }
    }
}

/// Receives and records stanzas.
final class RecordingReceiver: StanzaReceiver {
    enum Event: Hashable, Sendable {
        case connected
        case stanzas([Stanza])
    }

    let events = Recorder<Event>()

    func receive(_ stanzas: [Stanza]) { events.record(.stanzas(stanzas)) }
    func connected() { events.record(.connected) }

    var stanzas: [Stanza] {
        events.values.reduce(into: []) { all, event in
            if case .stanzas(let stanzas) = event { all += stanzas }
        }
    }
}

/// Records log messages with their metadata, one line for each.
struct RecordingLogHandler: LogHandler {
    let lines: Recorder<String>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.record("\(event.level) \(event.message) \((event.metadata ?? [:]).sorted { $0.key < $1.key })")
    }
}
