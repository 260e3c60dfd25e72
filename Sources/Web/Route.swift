internal import Invites

/// What a request is for, decided from its method, its authority and its target alone.
enum Route: Hashable, Sendable {
    case landing(HostPath, TokenPath)
    case registration(HostPath, TokenPath)
    case reset(HostPath, TokenPath)
    /// The answer about a name for the registration form.
    case username(HostPath, TokenPath)
    case app(HostPath, TokenPath, id: String)
    case qrCode(HostPath, TokenPath)
    case staticFile(String)
    /// A file of one host.
    case hostFile(HostPath, String)
    /// There is nothing there.
    case unknown(HostPath?)
    /// The same page under its proper path.
    case redirect(String)
    /// The method is none for it; these are.
    case wrongMethod([HTTPMethod])
    /// It is for a server that this is not.
    case misdirected
    /// The target is none.
    case malformed
}

/// Which host a path names, and how.
struct HostPath: Hashable, Sendable {
    /// As in the path, decoded; for a host's own base its name.
    var name: String
    /// Whether it is below the host's own base.
    var isOwnBase: Bool
}

/// A segment in the place of a token.
struct TokenPath: Hashable, Sendable {
    /// `nil` for what is no token.
    var token: Token?
}

/// Where requests can be for.
struct RouteTable: Hashable, Sendable {
    /// The base below which all hosts are.
    var base: BaseURL
    /// Hosts with bases of their own.
    var hosts = HostBases()

    init(base: BaseURL, hosts: HostBases = HostBases()) {
        self.base = base
        self.hosts = hosts
    }

    /// Decides what a request is for.
    ///
    /// - Parameter host: The field `Host`; a target in absolute form takes precedence over it (RFC 9112 §3.2.2).
    func route(_ method: HTTPMethod, host: String?, target: String) -> Route {
        guard let target = RequestTarget(target, host: host) else { return .malformed }
        guard let authority = target.authority.map({ normalized($0) }) else { return .misdirected }
        // No host gets what is all hosts'.
        let own = authority == base.authority ? nil : hosts[authority]
        guard authority == base.authority || own != nil else { return .misdirected }
        guard let path = DecodedPath(target.path) else { return .malformed }
        guard let segments = path.segments(below: (own?.base ?? base).path) else { return .unknown(nil) }
        return route(method, segments[...], ownBase: own?.host, hasTrailingSlash: path.hasTrailingSlash, target)
    }

    private func normalized(_ authority: String) -> String {
        let authority = authority.lowercased()
        let port = base.isSecure ? ":443" : ":80"
        return authority.hasSuffix(port) && authority != base.authority
            ? String(authority.dropLast(port.utf8.count)) : authority
    }

    private func route(
        _ method: HTTPMethod, _ segments: ArraySlice<String>, ownBase: String?, hasTrailingSlash: Bool,
        _ target: RequestTarget
    ) -> Route {
        var rest = segments
        if rest.first == "-" {
            rest = rest.dropFirst()
            if let ownBase, rest.count == 1, let name = rest.first, !hasTrailingSlash {
                return Self.allowing([.get, .head], method, .hostFile(HostPath(name: ownBase, isOwnBase: true), name))
            }
            guard rest.count == 2, rest.first == "static", let name = rest.last, !hasTrailingSlash else {
                return .unknown(nil)
            }
            return Self.allowing([.get, .head], method, .staticFile(name))
        }
        let host: HostPath
        if let ownBase {
            host = HostPath(name: ownBase, isOwnBase: true)
        } else {
            guard let name = rest.popFirst(), name.utf8.first != UInt8(ascii: "-") else { return .unknown(nil) }
            host = HostPath(name: name, isOwnBase: false)
        }
        guard let text = rest.popFirst() else { return .unknown(host) }
        if text == "-" {
            guard rest.count == 1, let name = rest.first, !hasTrailingSlash else { return .unknown(host) }
            return Self.allowing([.get, .head], method, .hostFile(host, name))
        }
        let token = TokenPath(token: Token(text))
        if hasTrailingSlash {
            return Self.allowing([.get, .head], method, .redirect(String(target.path.dropLast()) + target.query))
        }
        switch (rest.first, rest.count) {
        case (nil, _): return Self.allowing([.get, .head], method, .landing(host, token))
        case ("register", 1): return Self.allowing([.get, .head, .post], method, .registration(host, token))
        case ("register", 2) where rest.last == "username":
            return Self.allowing([.post], method, .username(host, token))
        case ("reset", 1): return Self.allowing([.get, .head, .post], method, .reset(host, token))
        case ("qr.svg", 1): return Self.allowing([.get, .head], method, .qrCode(host, token))
        case ("apps", 2):
            guard let id = rest.last else { return .unknown(host) }
            return Self.allowing([.get, .head], method, .app(host, token, id: id))
        default: return .unknown(host)
        }
    }

    private static func allowing(_ methods: [HTTPMethod], _ method: HTTPMethod, _ route: Route) -> Route {
        methods.contains(method) ? route : .wrongMethod(methods)
    }
}

/// The parts of a request's target (RFC 9112 §3.2).
struct RequestTarget: Hashable, Sendable {
    /// The authority of the target, if it has one.
    var authority: String?
    /// Begins with a slash.
    var path: String
    /// With its question mark; empty where there is none.
    var query: String

    init?(_ target: String, host: String?) {
        var rest = Substring(target)
        authority = host
        if !rest.hasPrefix("/") {
            let lowercased = target.lowercased()
            guard let scheme = ["http://", "https://"].first(where: lowercased.hasPrefix) else { return nil }
            rest = rest.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        path = mark == rest.startIndex ? "/" : String(rest[..<mark])
        query = String(rest[mark...])
    }
}

/// A path, decoded. Paths that two readers may read differently are none.
struct DecodedPath: Hashable, Sendable {
    private let segments: [String]
    let hasTrailingSlash: Bool

    init?(_ path: String) {
        guard path.hasPrefix("/") else { return nil }
        var parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        hasTrailingSlash = parts.count > 1 && parts.last?.isEmpty == true
        if parts.last?.isEmpty == true { parts.removeLast() }
        var segments: [String] = []
        for part in parts {
            guard let segment = Self.decoded(part), !segment.isEmpty, segment != ".", segment != ".." else {
                return nil
            }
            segments.append(segment)
        }
        self.segments = segments
    }

    /// Those below a base, whose path is made of unreserved characters; `nil` for what is elsewhere.
    func segments(below base: String) -> [String]? {
        let prefix = base.split(separator: "/").map(String.init)
        guard segments.starts(with: prefix) else { return nil }
        return Array(segments.dropFirst(prefix.count))
    }

    /// `nil` where a percent sign encodes nothing, for what is not UTF-8, and for what a path cannot have in a segment.
    private static func decoded(_ part: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = part.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
                let value = UInt8(String(Substring(digits)), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "/" && $0 != "\\" && $0.value != 0x7F })
        else { return nil }
        return text
    }
}
