/// The URL below which pages are: `https://invite.provider.example/` or `https://provider.example/invite/`.
package struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    package let isSecure: Bool
    /// The host, and its port unless that is the scheme's own, in lower case: what a request's `Host` has to say.
    package let authority: String
    /// Begins and ends with a slash.
    package let path: String

    /// Longer ones leave no room for a link.
    package static let longest = 500

    /// Reads a URL, with a slash at its end or without.
    ///
    /// - Throws: ``BaseURLError``.
    package init(_ text: String) throws(BaseURLError) {
        guard text.utf8.count <= Self.longest else { throw .tooLong }
        let lowercased = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lowercased.hasPrefix) else { throw .notAbsolute }
        isSecure = scheme == "https://"
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        var authority = String(Substring(rest[..<end])).lowercased()
        guard LandingPage.isAuthority(authority) else { throw .badHost }
        let ownPort = isSecure ? ":443" : ":80"
        if authority.hasSuffix(ownPort) { authority.removeLast(ownPort.utf8.count) }
        self.authority = authority
        let segments = Substring(rest[end...]).split(separator: "/")
        for segment in segments {
            guard segment.utf8.allSatisfy(PercentEncoding.isUnreserved), segment != ".", segment != "..",
                // Behind it would be what is no host's.
                segment.utf8.first != UInt8(ascii: "-")
            else { throw .badPath }
        }
        path = "/" + segments.map { "\($0)/" }.joined()
    }

    /// The URL, with a slash at its end.
    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}

/// Why a text is not a ``BaseURL``.
package enum BaseURLError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong
    case notAbsolute
    case badHost
    case badPath

    /// What is wrong, in words that follow the text.
    package var description: String {
        switch self {
        case .tooLong: "it is longer than \(BaseURL.longest) bytes"
        case .notAbsolute: "it does not begin with https:// or http://"
        case .badHost: "the host in it is none; write a name, with non-ASCII labels as xn--…, and perhaps a port"
        case .badPath:
            "its path has more than letters, digits and `-`, `.`, `_`, `~` between slashes, or begins with `-`: there is no "
                + "query and no fragment"
        }
    }
}

extension LandingPage {
    /// The page of an invite that the daemon serves itself.
    ///
    /// - Parameter asciiHost: The host in the path; `nil` below a base that is one host's own.
    package init(below base: BaseURL, asciiHost: String?) {
        let start = base.description + (asciiHost.map { "\($0)/" } ?? "")
        self.init(validTemplate: start + "{token}", [.text(start), .placeholder(.token, .path)])
    }
}
