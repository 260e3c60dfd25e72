internal import Invites
internal import Pages

/// Turns pages into answers, each with the fields that keep a browser from doing harm with them.
struct PageAnswer: Sendable {
    let renderer: any PageRendering
    let isSecure: Bool

    /// - Parameter uri: The XMPP URI of a token that is good, for `Link` (RFC 8288).
    func answer(
        _ page: Page, _ status: HTTPStatus, of site: Site, for visitor: Visitor, uri: String? = nil,
        isForOtherSites: Bool = false, retryAfter: Int? = nil
    ) -> HTTPResponse {
        answer(
            renderer.render(page, of: site, for: visitor), status, uri: uri, isForOtherSites: isForOtherSites,
            retryAfter: retryAfter)
    }

    /// - Parameter rendered: A page.
    func answer(
        _ rendered: RenderedPage, _ status: HTTPStatus, uri: String? = nil, isForOtherSites: Bool = false,
        retryAfter: Int? = nil
    ) -> HTTPResponse {
        var fields: [(name: String, value: String)] = [
            ("Content-Type", "text/html; charset=utf-8"), ("Content-Language", rendered.language),
            // The path has the token.
            ("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"),
            ("Content-Security-Policy", contentSecurityPolicy), ("X-Frame-Options", "DENY"),
            // Not `no-referrer`, with which a form is posted with `Origin: null`.
            ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ]
        fields += common
        if let uri {
            fields.append(("Link", "<\(uri)>; rel=\"alternate\""))
            if isForOtherSites {
                fields.append(("Access-Control-Allow-Origin", "*"))
                fields.append(("Access-Control-Expose-Headers", "Link"))
            }
        }
        if let retryAfter { fields.append(("Retry-After", String(retryAfter))) }
        return HTTPResponse(status, fields, body: rendered.body)
    }

    func file(_ name: String, for request: HTTPRequest) -> HTTPResponse? {
        guard let file = renderer.staticFile(name) else { return nil }
        let fields: [(name: String, value: String)] = [
            ("Cache-Control", "public, max-age=31536000, immutable"), ("ETag", file.etag),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        let known = request.values(of: "if-none-match").flatMap { $0.split(separator: ",") }.map(\.trimmingSpaces)
        if known.contains(file.etag) || known.contains("W/\(file.etag)") || known == ["*"] {
            return HTTPResponse(.notModified, fields + common)
        }
        return HTTPResponse(.ok, [("Content-Type", file.contentType)] + fields + common, body: file.body)
    }

    /// An SVG image that tells a token.
    func image(_ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            .ok,
            [
                ("Content-Type", "image/svg+xml"), ("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"),
                ("Referrer-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
                // As a page of its own it shows itself, and no more.
                ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
            ] + common, body: body)
    }

    func redirect(to location: String) -> HTTPResponse {
        HTTPResponse(
            .permanentRedirect,
            [("Location", location), ("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin")] + common)
    }

    private var common: [(name: String, value: String)] {
        let fields = [("X-Content-Type-Options", "nosniff")]
        return isSecure ? fields + [("Strict-Transport-Security", "max-age=31536000")] : fields
    }

    private var contentSecurityPolicy: String {
        let hashes = renderer.inlineHashes.map { " '\($0)'" }.joined()
        return "default-src 'none'; style-src 'self'\(hashes); img-src 'self' data:; "
            + (hashes.isEmpty ? "" : "script-src\(hashes); ")
            + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }
}

extension PageProblem {
    var status: HTTPStatus {
        switch self {
        case .unknown: .notFound
        case .expired, .used, .revoked: .gone
        case .inUse: .conflict
        case .suspended, .unavailable: .serviceUnavailable
        case .tooMany: .tooManyRequests
        case .refused(let status): HTTPStatus(rawValue: status) ?? .badRequest
        }
    }

    /// When it is worth trying again, in seconds.
    var retryAfter: Int? {
        switch self {
        case .tooMany(let seconds): seconds
        case .inUse: 120
        case .unavailable: 30
        case .suspended: 3_600
        case .unknown, .expired, .used, .revoked, .refused: nil
        }
    }

    init(_ refusal: RedemptionRefusal) {
        self =
            switch refusal {
            case .unknown, .otherUsername, .usernameTaken: .unknown
            case .expired: .expired
            case .revoked: .revoked
            case .used: .used
            case .reservedByOthers: .inUse
            case .suspended: .suspended
            }
    }
}
