package import Invites
internal import Pages
internal import Runtime

/// What pages are served with.
package struct WebSettings: Hashable, Sendable {
    package var listen: ListenAddress
    package var base: BaseURL
    package var proxies: TrustedProxies

    package init(listen: ListenAddress, base: BaseURL, proxies: TrustedProxies) {
        self.listen = listen
        self.base = base
        self.proxies = proxies
    }
}

/// Answers requests for pages. It decides nothing about invites: that is behind ``WebHosts``.
struct WebApp: Sendable {
    let settings: WebSettings
    let hosts: any WebHosts
    let renderer: any PageRendering
    let key: SealKey
    let limits: WebLimits
    let dependencies: Dependencies

    /// One request, and what is known of it.
    struct Call: Sendable {
        let request: HTTPRequest
        let peer: HTTPPeer
        let query: String
        let client: IPAddress?
        let visitor: Visitor
        let pages: PageAnswer
        var site: Site
    }

    /// What a request is for.
    func route(of request: HTTPRequest) -> Route {
        RouteTable(base: settings.base, hosts: hosts.bases).route(
            request.method, host: request["host"], target: request.target)
    }

    func respond(to request: HTTPRequest, from peer: HTTPPeer) async -> HTTPResponse {
        await respond(to: request, for: route(of: request), from: peer)
    }

    /// - Parameter route: As ``route(of:)`` says.
    func respond(to request: HTTPRequest, for route: Route, from peer: HTTPPeer) async -> HTTPResponse {
        let call = call(request, from: peer)
        switch route {
        case .malformed: return .plain(.badRequest)
        case .misdirected: return .plain(.misdirectedRequest)
        case .wrongMethod(let methods):
            var response = call.problem(.refused(status: HTTPStatus.methodNotAllowed.rawValue))
            response.fields.append(("Allow", methods.map(\.rawValue).joined(separator: ", ")))
            return response
        case .redirect(let location): return call.pages.redirect(to: location)
        case .staticFile(let name):
            return call.pages.file(name, for: request) ?? call.problem(.unknown)
        case .hostFile(let path, let name):
            guard let logo = hosts.host(named: path.name)?.logo, logo.name == name else {
                return call.problem(.unknown)
            }
            return call.pages.logo(logo, for: request)
        case .unknown: return call.problem(.unknown)
        case .landing(let host, let token): return await tokenPage(call, host, token, "") { await landing($0, $1, $2) }
        case .app(let host, let token, let id):
            return await tokenPage(call, host, token, "/\(PageName.apps)/\(id)") { await app($0, $1, $2, id: id) }
        case .qrCode(let host, let token):
            return await tokenPage(call, host, token, "/\(PageName.qrCode)") { await qrCode($0, $1, $2) }
        case .registration(let host, let token):
            return await tokenPage(call, host, token, "/\(PageName.register)") {
                await form($0, $1, $2, kind: .registration)
            }
        case .username(let host, let token):
            return await tokenPage(call, host, token, "") { await username($0, $1, $2) }
        case .reset(let host, let token):
            return await tokenPage(call, host, token, "/\(PageName.reset)") { await form($0, $1, $2, kind: .reset) }
        }
    }

    /// The answer, where it is a landing page that takes no waiting and little time; `nil` where
    /// ``respond(to:for:from:)`` has to be called.
    func respondAtOnce(to request: HTTPRequest, for route: Route, from peer: HTTPPeer) -> HTTPResponse? {
        guard case .landing(let path, let token) = route else { return nil }
        switch find(call(request, from: peer), path, token, "") {
        case .answer(let response): return response
        case .page(let call, let host, let token):
            guard case .good(let good) = hosts.recentCheck(token, on: host.name),
                let page = renderer.renderAtOnce(.landing(Landing(good)), of: call.site, for: call.visitor)
            else { return nil }
            return call.landing(page, good)
        }
    }

    private func call(_ request: HTTPRequest, from peer: HTTPPeer) -> Call {
        let query = RequestTarget(request.target, host: nil)?.query ?? ""
        return Call(
            request: request, peer: peer, query: query,
            client: settings.proxies.client(of: request, from: peer)?.counted,
            visitor: VisitorReader.visitor(of: request, query: query, at: dependencies.now()),
            pages: PageAnswer(renderer: renderer, isSecure: settings.base.isSecure), site: ownSite)
    }

    // MARK: Hosts

    /// The site of what is no host's.
    private var ownSite: Site {
        let base = settings.base
        return Site(
            host: base.authority, name: base.authority, path: base.path, root: base.path, url: base.description,
            timeZone: "UTC", hiddenApps: [])
    }

    private func site(of host: WebHost) -> Site {
        var site = host.site
        if let base = host.base {
            (site.path, site.root, site.url) = (base.path, base.path, base.description)
        } else {
            let base = settings.base
            (site.path, site.root) = ("\(base.path)\(host.asciiName)/", base.path)
            site.url = "\(base)\(host.asciiName)/"
        }
        site.logoPath = host.logo.map { "\(site.path)-/\($0.name)" }
        return site
    }

    /// What a path with a token leads to.
    private enum Finding {
        case page(Call, WebHost, Token)
        /// Something else.
        case answer(HTTPResponse)
    }

    private func tokenPage(
        _ call: Call, _ path: HostPath, _ token: TokenPath, _ rest: String,
        _ body: (Call, WebHost, Token) async -> HTTPResponse
    ) async -> HTTPResponse {
        switch find(call, path, token, rest) {
        case .page(let call, let host, let token): await body(call, host, token)
        case .answer(let response): response
        }
    }

    /// Finds the host and the token of a page, or answers why there is none.
    ///
    /// - Parameter rest: What follows the token in the path.
    private func find(_ call: Call, _ path: HostPath, _ token: TokenPath, _ rest: String) -> Finding {
        // A client that has guessed too often learns nothing any more, not even what is right.
        if let wait = limits.unknownTokens.wait(call.client, at: dependencies.uptime()) {
            return .answer(call.problem(.tooMany(retryAfter: wait)))
        }
        guard let host = hosts.host(named: path.name), let token = token.token else {
            return .answer(hosts.isRefused(path.name) ? call.problem(.unavailable) : unknown(call))
        }
        var call = call
        call.site = site(of: host)
        if !path.isOwnBase {
            if host.base != nil || path.name != host.asciiName {
                let start = host.base.map { "\($0)" } ?? call.site.path
                guard call.request.method != .post || host.base == nil else {
                    return .answer(unknown(call))
                }
                return .answer(call.pages.redirect(to: start + token.text + rest + call.query))
            }
        }
        return .page(call, host, token)
    }

    /// Counts that nothing was found.
    func unknown(_ call: Call) -> HTTPResponse {
        _ = limits.unknownTokens.take(call.client, at: dependencies.uptime())
        return call.problem(.unknown)
    }

    // MARK: Pages without forms

    private func landing(_ call: Call, _ host: WebHost, _ token: Token) async -> HTTPResponse {
        switch await hosts.check(token, on: host.name) {
        case .good(let good):
            return call.landing(renderer.render(.landing(Landing(good)), of: call.site, for: call.visitor), good)
        case let other: return refusal(other, call)
        }
    }

    private func app(_ call: Call, _ host: WebHost, _ token: Token, id: String) async -> HTTPResponse {
        switch await hosts.check(token, on: host.name) {
        case .good(let good):
            return call.pages.answer(
                .app(Landing(good), id: id), .ok, of: call.site, for: call.visitor, uri: good.uri)
        case let other: return refusal(other, call)
        }
    }

    private func qrCode(_ call: Call, _ host: WebHost, _ token: Token) async -> HTTPResponse {
        switch await hosts.check(token, on: host.name) {
        case .good(let good):
            guard let code = renderer.qrCode(of: Landing(good), site: call.site) else { return call.problem(.unknown) }
            return call.pages.image(code)
        case let other: return refusal(other, call)
        }
    }

    /// What is answered to a token that is not good.
    func refusal(_ check: TokenCheck, _ call: Call) -> HTTPResponse {
        switch check {
        case .refused(.unknown, _): unknown(call)
        case .refused(let refusal, let ended): call.problem(PageProblem(refusal), of: ended)
        case .good, .unavailable: call.problem(.unavailable)
        }
    }
}

extension WebApp.Call {
    fileprivate func landing(_ page: RenderedPage, _ good: GoodToken) -> HTTPResponse {
        pages.answer(page, .ok, uri: good.uri, isForOtherSites: true)
    }

    func problem(_ problem: PageProblem, of ended: EndedInvite? = nil) -> HTTPResponse {
        pages.answer(
            .problem(problem, of: ended), problem.status, of: site, for: visitor, retryAfter: problem.retryAfter)
    }
}

extension Landing {
    init(_ good: GoodToken) {
        let invite = good.invite
        let isForNewcomers = invite.kind == .account || invite.kind == .accountAndContact
        // A link that registers is of no use to users who have an account.
        let kind = isForNewcomers && invite.action == .register ? .account : invite.kind
        self.init(
            kind: kind, token: invite.token, uri: good.uri, inviter: invite.inviter, username: invite.username,
            expiresAt: invite.expiresAt, registers: isForNewcomers && good.makesAccounts,
            setsContacts: invite.kind == .accountAndContact && good.setsContacts)
    }
}
