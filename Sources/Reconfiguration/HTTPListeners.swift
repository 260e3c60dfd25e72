internal import Runtime
internal import Synchronization

/// The states of the listeners for pages and metrics. Each is reported here after every change, so that the reply to a
/// change can contain the result.
package final class HTTPListeners: Sendable {
    /// How one of them is.
    package enum State: Hashable, Sendable {
        /// The configuration wants none.
        case off
        /// With the address.
        case listening(String)
        /// It is not where it should be, and why.
        case failed(String)

        /// In words, such as "listening on 127.0.0.1:8480"; `nil` where there is to be none.
        package var words: String? {
            switch self {
            case .off: nil
            case .listening(let address): "listening on \(address)"
            case .failed(let reason): "failed: \(reason)"
            }
        }

        /// Why it is not where it should be.
        package var trouble: String? { if case .failed(let reason) = self { reason } else { nil } }
    }

    package struct Report: Hashable, Sendable {
        package var pages = State.off
        package var metrics = State.off
        /// What is wrong with the provider's own files, of which those before are in use; or that of which nothing is.
        package var files: String?

        package init() {}

        /// How it differs from the configuration, in words.
        package var troubles: [String] {
            [
                pages.trouble.map { "pages are not served as configured: \($0)" },
                metrics.trouble.map { "metrics are not served as configured: \($0)" },
                files,
            ].compactMap(\.self)
        }
    }

    private struct Known {
        var report = Report()
        /// How many changes were asked for, and how many of them are done.
        var asked = 0
        var done = 0
        var waiting: [(change: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let known = Mutex(Known())

    package init() {}

    package var report: Report { known.withLock { $0.report } }

    /// A change was asked for.
    ///
    /// - Returns: Its number, for ``report(_:after:)``.
    func ask() -> Int {
        known.withLock { known in
            known.asked += 1
            return known.asked
        }
    }

    /// Records the states after a change, or after it was tried once more.
    package func report(_ report: Report, after change: Int) {
        let ready = known.withLock { known in
            known.report = report
            known.done = max(known.done, change)
            let done = known.done
            defer { known.waiting.removeAll { $0.change <= done } }
            return known.waiting.filter { $0.change <= done }
        }
        for (_, continuation) in ready { continuation.resume() }
    }

    /// The states once all changes that were requested until now are done, or after the time.
    package func settled(
        within limit: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) async -> Report {
        _ = await finishes(within: limit, sleep: sleep) { await self.settle() }
        return report
    }

    private func settle() async {
        await withCheckedContinuation { continuation in
            let isDone = known.withLock { known in
                guard known.done < known.asked else { return true }
                known.waiting.append((known.asked, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
