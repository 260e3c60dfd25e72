import Invites
import Pages
import Runtime
import Text
import YAML

/// What `web` and `metrics` in the daemon's file say.
struct HTTPSettings: Sendable {
    private var web: (listen: Setting<String>?, base: Setting<BaseURL>, proxies: [IPRange])?
    /// The paths of the provider's own files.
    private(set) var sources: [WebKey: Setting<String>] = [:]
    private var metrics: Setting<String>??

    /// Proxies are few.
    private static let mostProxies = 100

    init() {}

    mutating func readWeb(_ node: YAMLNode, at keyMark: SourceMark, report: inout DiagnosticReport) {
        var (listen, base, proxies): (Setting<String>?, Setting<BaseURL>?, [IPRange]) = (nil, nil, [])
        var keys: Set<WebKey> = []
        for (key, _, value) in node.entries(of: WebKey.self, in: "`web`", report: &report) {
            keys.insert(key)
            switch key {
            case .listen: listen = value.text(key.rawValue, wants: Self.wantedPlace, report: &report)
            case .baseURL: base = value.baseURL(key.rawValue, report: &report)
            case .trustedProxies: proxies = value.proxies(key.rawValue, most: Self.mostProxies, report: &report)
            case .templates, .texts:
                sources[key] = value.text(key.rawValue, wants: "the path of a directory", report: &report)
            case .apps: sources[key] = value.text(key.rawValue, wants: "the path of a file", report: &report)
            }
        }
        guard node.kind == .mapping || node.kind == .null else { return }
        if !keys.contains(.baseURL) {
            report.add(
                keyMark,
                "`web` has no `base_url`: set it to what browsers open, such as https://invite.provider.example/")
        }
        if let base { web = (listen, base, proxies) }
    }

    mutating func readMetrics(_ node: YAMLNode, report: inout DiagnosticReport) {
        var listen: Setting<String>?
        for (key, _, value) in node.entries(of: MetricsKey.self, in: "`metrics`", report: &report) {
            switch key {
            case .listen: listen = value.text(key.rawValue, wants: Self.wantedPlace, report: &report)
            }
        }
        metrics = .some(listen)
    }

    /// The base of all hosts' pages, and its location.
    var base: Setting<BaseURL>? { web?.base }

    private static let wantedPlace = "HOST:PORT such as 127.0.0.1:8480, or the path of a socket"

    /// Fills in what depends on where the file is.
    ///
    /// - Parameter pages: What the provider's own files are, where they are good.
    func configuration(
        relativeTo directory: String, pages: ProvidedPages? = nil, report: inout DiagnosticReport
    ) -> HTTPConfiguration {
        var configuration = HTTPConfiguration()
        if let web {
            configuration.web = WebConfiguration(
                listen: place(web.listen, directory, report: &report), baseURL: web.base.value,
                trustedProxies: web.proxies, sources: pageSources(relativeTo: directory), pages: pages)
        }
        if let metrics {
            configuration.metrics = MetricsConfiguration(listen: place(metrics, directory, report: &report))
        }
        if let place = configuration.web?.listen, place == configuration.metrics?.listen, let metrics = metrics ?? nil {
            report.add(metrics.mark, "`metrics` and `web` cannot listen at the same place: \(place.description.quoted)")
        }
        return configuration
    }

    /// Where the provider's own files are.
    func pageSources(relativeTo directory: String) -> PageSources {
        func path(_ key: WebKey) -> String? { sources[key].map { Path.join(directory, $0.value) } }
        return PageSources(templates: path(.templates), texts: path(.texts), apps: path(.apps))
    }

    private func place(
        _ setting: Setting<String>?, _ directory: String, report: inout DiagnosticReport
    ) -> ListenPlace? {
        guard let setting else { return nil }
        let text = setting.value
        let prefix = "unix:"
        if text.hasPrefix(prefix) || text.hasPrefix("/") || text.hasPrefix("./") {
            let path = Path.join(directory, text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
            if path.utf8.count > DaemonSettings.longestSocketPath {
                let limit = DaemonSettings.longestSocketPath
                report.add(setting.mark, "`listen` is longer than \(limit) bytes: \(path.quoted)")
            }
            return .unix(path)
        }
        do throws(ServerAddressError) {
            return .tcp(try ServerAddress(text))
        } catch {
            report.add(setting.mark, "`listen` \(text.quoted): \(error)")
            return nil
        }
    }
}

extension YAMLNode {
    /// The URL below which pages are.
    func baseURL(_ key: String, report: inout DiagnosticReport) -> Setting<BaseURL>? {
        let wanted = "a URL such as https://invite.provider.example/"
        guard let text = text(key, wants: wanted, report: &report) else { return nil }
        do throws(BaseURLError) {
            return Setting(value: try BaseURL(text.value), mark: mark)
        } catch {
            report.add(mark, "`\(key)` \(text.value.quoted): \(error)")
            return nil
        }
    }

    fileprivate func proxies(_ key: String, most: Int, report: inout DiagnosticReport) -> [IPRange] {
        let wanted = "a list of addresses such as [127.0.0.1, \"::1\", 10.0.0.0/8]"
        guard case .sequence(let items) = content else {
            if kind != .refused { report.add(mark, "`\(key)` wants \(wanted), but this is \(kind.rawValue)") }
            return []
        }
        guard items.count <= most else {
            report.add(mark, "`\(key)` has more than \(most) addresses")
            return []
        }
        return items.compactMap { item in
            guard let text = item.text(key, wants: wanted, report: &report) else { return nil }
            if let range = IPRange(text.value) { return range }
            report.add(
                item.mark,
                "`\(key)` wants \(wanted), not \(text.value.quoted); "
                    + "a range has at most as many bits as its address, and none is set behind them")
            return nil
        }
    }
}
