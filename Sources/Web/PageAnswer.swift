internal import Invites
internal import Pages

/// Turns pages into answers, each with the header fields that prevent misuse in browsers.
struct PageAnswer: Sendable {
    let renderer: any PageRendering
    let isSecure: Bool

    /// - Parameter uri: The XMPP URI of a token that is good, for `Link` (RFC 8288).
    func answer(
        _ page: Page, _ status: HTTPStatus, of site: Site, for visitor: Visitor, uri: String? = nil,
        isForOtherSites: Bool = false, retryAfter: Int? = nil
    ) -> HTTPResponse {
        answer(
            renderer.render(page, of: site, for: visitor), status, hasScript: page.asksAboutUsernames, uri: uri,
            isForOtherSites: isForOtherSites, retryAfter: retryAfter)
    }

    /// - Parameters:
    ///   - rendered: A page.
    ///   - hasScript: Whether it asks about usernames while they are typed.
    func answer(
        _ rendered: RenderedPage, _ status: HTTPStatus, hasScript: Bool = false, uri: String? = nil,
        isForOtherSites: Bool = false, retryAfter: Int? = nil
    ) -> HTTPResponse {
        var fields: [(name: String, value: String)] = [
            ("Content-Type", "text/html; charset=utf-8"), ("Content-Language", rendered.language),
            // The path has the token.
            ("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"),
            ("Content-Security-Policy", contentSecurityPolicy(hasScript: hasScript)), ("X-Frame-Options", "DENY"),
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

    /// For the script of a form.
    func answer(_ answer: UsernameAnswer, for visitor: Visitor) -> HTTPResponse {
        let rendered = renderer.render(answer, for: visitor)
        return HTTPResponse(
            .ok,
            [
                ("Content-Type", "application/json"), ("Content-Language", rendered.language),
                ("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"),
                ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
                ("Cross-Origin-Resource-Policy", "same-origin"), ("Referrer-Policy", "same-origin"),
            ] + common, body: rendered.body)
    }

    func file(_ name: String, for request: HTTPRequest) -> HTTPResponse? {
        renderer.staticFile(name).map { answer($0, for: request) }
    }

    /// A host's picture. An SVG is a document of its own when it is opened as one: then it shows itself, and no more.
    func logo(_ logo: SiteImage, for request: HTTPRequest) -> HTTPResponse {
        answer(
            StaticFile(body: logo.bytes, contentType: logo.contentType, etag: "\"\(logo.name)\""), for: request,
            [
                (
                    "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
                )
            ])
    }

    private func answer(
        _ file: StaticFile, for request: HTTPRequest, _ more: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        let fields: [(name: String, value: String)] =
            [
                ("Cache-Control", "public, max-age=31536000, immutable"), ("ETag", file.etag),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ] + more
        let known = request.values(of: "if-none-match").flatMap { $0.split(separator: ",") }.map(\.trimmingSpaces)
        if known.contains(file.etag) || known.contains("W/\(file.etag)") || known == ["*"] {
            return HTTPResponse(.notModified, fields + common)
        }
        return HTTPResponse(.ok, [("Content-Type", file.contentType)] + fields + common, body: file.body)
    }

    /// An SVG image that contains a token.
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

    /// Only a page that has the script may load one, and ask anything.
    private func contentSecurityPolicy(hasScript: Bool) -> String {
        let hashes = renderer.inlineHashes.map { " '\($0)'" }.joined()
        let scripts = (hasScript ? " 'self'" : "") + hashes
        return "default-src 'none'; style-src 'self'\(hashes); img-src 'self' data:; "
            + (scripts.isEmpty ? "" : "script-src\(scripts); ")
            + (hasScript ? "connect-src 'self'; " : "")
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

    /// When a retry may succeed, in seconds.
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
