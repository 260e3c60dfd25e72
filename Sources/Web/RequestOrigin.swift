internal import Invites

/// Whether a form was posted by a page of this site, as the browser says.
enum RequestOrigin {
    /// `Sec-Fetch-Site` decides where there is one, then `Origin`. A client that sends neither is no browser, or an old
    /// one; then only the form's seal protects.
    static func isOwn(_ request: HTTPRequest, base: BaseURL, hosts: HostBases) -> Bool {
        let sites = request.values(of: "sec-fetch-site")
        if !sites.isEmpty { return sites == ["same-origin"] || sites == ["none"] }
        let origins = request.values(of: "origin")
        guard let origin = origins.first else { return true }
        guard origins.count == 1, let url = try? BaseURL(origin), url.path == "/" else { return false }
        // The authority is one that is served, or the request would not have been routed.
        return url.isSecure == base.isSecure && url.authority == authority(of: request, base)
    }

    private static func authority(of request: HTTPRequest, _ base: BaseURL) -> String? {
        guard let target = RequestTarget(request.target, host: request["host"]), let authority = target.authority else {
            return nil
        }
        return try? BaseURL("\(base.isSecure ? "https" : "http")://\(authority)").authority
    }
}
