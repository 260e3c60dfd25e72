package import Invites
package import Runtime

/// Where the daemon listens for browsers and for who collects metrics: the daemon's own settings, besides the roles, that an
/// apply puts in force.
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
    /// `nil` for the socket that systemd hands over.
    package let listen: ListenPlace?
    /// The URL that the pages have outside.
    package let baseURL: BaseURL
    /// Who is believed to say whose requests it passes on.
    package let trustedProxies: [IPRange]

    package init(listen: ListenPlace?, baseURL: BaseURL, trustedProxies: [IPRange] = []) {
        self.listen = listen
        self.baseURL = baseURL
        self.trustedProxies = trustedProxies
    }

    /// As it could stand in the file.
    package var description: String {
        var parts = listen.map { ["listen: \(HostValue.text("\($0)"))"] } ?? []
        parts.append("base_url: \(HostValue.text("\(baseURL)"))")
        if !trustedProxies.isEmpty {
            parts.append("trusted_proxies: \(HostValue.list(trustedProxies.map(\.description)))")
        }
        return "{\(parts.joined(separator: ", "))}"
    }
}

/// What `metrics` in the daemon's file says.
package struct MetricsConfiguration: Hashable, Sendable, CustomStringConvertible {
    /// `nil` for the socket that systemd hands over.
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
