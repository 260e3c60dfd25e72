internal import CoreMetrics
internal import Synchronization

/// What is measured of requests: never what is in them.
final class WebMetrics: Sendable {
    /// What a request was for, as a word.
    enum Page: String, CaseIterable, Hashable, Sendable {
        case landing, app, code, registration, reset, username, file, other

        init(_ route: Route) {
            switch route {
            case .landing: self = .landing
            case .app: self = .app
            case .qrCode: self = .code
            case .registration: self = .registration
            case .reset: self = .reset
            case .username: self = .username
            case .staticFile, .hostFile: self = .file
            case .unknown, .redirect, .wrongMethod, .misdirected, .malformed: self = .other
            }
        }
    }

    private struct Key: Hashable, Sendable {
        let page: Page?
        let status: HTTPStatus
    }

    private let registry: MetricRegistry
    private let counters = Mutex<[Key: Counter]>([:])
    private let timers: [Page: CoreMetrics.Timer]

    init(_ registry: MetricRegistry) {
        self.registry = registry
        registry.describe("invited_http_requests_total", "Requests for pages that were answered.")
        registry.describe("invited_http_rejected_total", "What came over connections and was no request.")
        registry.describe("invited_http_request_duration_seconds", "How long answers to requests took.")
        timers = Dictionary(
            uniqueKeysWithValues: Page.allCases.map { page in
                (
                    page,
                    CoreMetrics.Timer(
                        label: "invited_http_request_duration_seconds", dimensions: [("page", page.rawValue)],
                        factory: registry)
                )
            })
    }

    /// - Parameter nanoseconds: How long it took.
    func answered(_ page: Page, _ status: HTTPStatus, nanoseconds: Int64) {
        counter(Key(page: page, status: status)).increment()
        timers[page]?.recordNanoseconds(nanoseconds)
    }

    /// What was no request was answered.
    func rejected(_ status: HTTPStatus) { counter(Key(page: nil, status: status)).increment() }

    private func counter(_ key: Key) -> Counter {
        counters.withLock { counters in
            if let known = counters[key] { return known }
            let status = ("status", String(key.status.rawValue))
            let new =
                key.page.map { page in
                    Counter(
                        label: "invited_http_requests_total", dimensions: [("page", page.rawValue), status],
                        factory: registry)
                } ?? Counter(label: "invited_http_rejected_total", dimensions: [status], factory: registry)
            counters[key] = new
            return new
        }
    }
}
