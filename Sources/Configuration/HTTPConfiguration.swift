package import Invites
package import Pages
package import Runtime
package import YAML

/// Where the daemon listens for browsers and for metrics collectors: the daemon's own settings, besides the roles, that
/// an apply puts in force.
package struct HTTPConfiguration: Hashable, Sendable {
    /// The pages; `nil` where there are none.
    package var web: WebConfiguration?
    package var metrics: MetricsConfiguration?

    package init(web: WebConfiguration? = nil, metrics: MetricsConfiguration? = nil) {
        self.web = web
        self.metrics = metrics
    }

    /// The keys of the daemon's file in which two differ.
    package func differences(from other: HTTPConfiguration) -> [String] {
        (web == other.web ? [] : [Self.webKey]) + (metrics == other.metrics ? [] : [Self.metricsKey])
    }

    /// The value of a key for comparisons that are shown to people: it includes a digest of the files that it names.
    func comparedValue(of key: String) -> String? {
        guard key == Self.webKey, let pages = web?.pages else { return value(of: key) }
        return value(of: key).map { "\($0) # files \(pages.digest.prefix(8))" }
    }

    /// The same with what the provider's files hold now, where that is not known. It waits for the disk.
    ///
    /// - Returns: What is wrong with them; then there is nothing of them.
    package mutating func readPages() -> [Diagnostic] {
        guard let sources = web?.sources, !sources.isEmpty, web?.pages == nil else { return [] }
        do throws(PageFileErrors) {
            web?.pages = try ProvidedPages(reading: sources)
            return []
        } catch {
            return error.diagnostics
        }
    }

    /// The value of a key, as it could stand in the file; `nil` where there is none.
    package func value(of key: String) -> String? {
        switch key {
        case Self.webKey: web?.description
        case Self.metricsKey: metrics?.description
        default: nil
        }
    }

    package static let webKey = "web"
    package static let metricsKey = "metrics"
}

/// What `web` in the daemon's file says.
package struct WebConfiguration: Hashable, Sendable, CustomStringConvertible {
    /// `nil` for the socket that systemd passes.
    package let listen: ListenPlace?
    /// The URL that the pages have outside.
    package let baseURL: BaseURL
    /// Proxies whose statement of the client's address is trusted.
    package let trustedProxies: [IPRange]
    /// The provider's own files.
    package let sources: PageSources
    /// What they were when the configuration was read; `nil` where there are none, or they have mistakes.
    package internal(set) var pages: ProvidedPages?

    package init(
        listen: ListenPlace?, baseURL: BaseURL, trustedProxies: [IPRange] = [], sources: PageSources = PageSources(),
        pages: ProvidedPages? = nil
    ) {
        self.listen = listen
        self.baseURL = baseURL
        self.trustedProxies = trustedProxies
        self.sources = sources
        self.pages = pages
    }

    /// As it could stand in the file.
    package var description: String {
        var parts = listen.map { ["listen: \(HostValue.text("\($0)"))"] } ?? []
        parts.append("base_url: \(HostValue.text("\(baseURL)"))")
        if !trustedProxies.isEmpty {
            parts.append("trusted_proxies: \(HostValue.list(trustedProxies.map(\.description)))")
        }
        for (key, path) in [
            (WebKey.templates, sources.templates), (.texts, sources.texts), (.apps, sources.apps),
        ] {
            if let path { parts.append("\(key.rawValue): \(HostValue.text(path))") }
        }
        return "{\(parts.joined(separator: ", "))}"
    }
}

/// What `metrics` in the daemon's file says.
package struct MetricsConfiguration: Hashable, Sendable, CustomStringConvertible {
    /// `nil` for the socket that systemd passes.
    package let listen: ListenPlace?

    package init(listen: ListenPlace?) {
        self.listen = listen
    }

    /// As it could stand in the file.
    package var description: String { listen.map { "{listen: \(HostValue.text("\($0)"))}" } ?? "{}" }
}

/// Where something listens.
package enum ListenPlace: Hashable, Sendable, CustomStringConvertible {
    case tcp(ServerAddress)
    /// The path of a Unix socket.
    case unix(String)

    /// As it is written.
    package var description: String {
        switch self {
        case .tcp(let address): "\(address)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
