/// The address of a web page for invites: a URL with placeholders for the values of an invite, such as
/// `https://invite.example/#{uri_without_scheme}` (XEP-0401 §6.2, `landing-url`).
package struct LandingPage: Hashable, Sendable {
    /// The text that it was made from.
    package let template: String
    private let pieces: [Piece]

    /// A placeholder, in braces.
    package enum Placeholder: String, CaseIterable, Hashable, Sendable {
        /// The host that the invite is for.
        case host
        /// The token.
        case token
        /// The whole XMPP URI.
        case uri
        /// The XMPP URI without `xmpp:`.
        case uriWithoutScheme = "uri_without_scheme"
    }

    /// The parts of a URL (RFC 3986 §3) that placeholders can be in.
    enum Place: Hashable, Sendable {
        case host, path, query, fragment
    }

    enum Piece: Hashable, Sendable {
        case text(String)
        case placeholder(Placeholder, Place)
    }

    /// One that needs no check.
    init(validTemplate template: String, _ pieces: [Piece]) {
        self.template = template
        self.pieces = pieces
    }

    /// Longer URLs are no longer taken everywhere.
    package static let longestTemplate = 1000

    /// Reads a template.
    ///
    /// - Throws: ``LandingPageError``.
    package init(_ template: String) throws(LandingPageError) {
        guard template.utf8.count <= Self.longestTemplate else { throw .tooLong }
        self.template = template
        pieces = try Self.pieces(of: template)
        let placeholders = pieces.compactMap {
            if case .placeholder(let placeholder, _) = $0 { placeholder } else { nil }
        }
        guard placeholders.contains(where: { $0 != .host }) else { throw .sameForAll }
    }

    /// The page of one invite.
    ///
    /// Each value is encoded for its place. In path and query that is everything but RFC 3986's unreserved characters,
    /// so that servers read the value as it is. In a fragment an XMPP URI is inserted as it is, since all its
    /// characters are allowed: the pages and apps that read one there decode it once, and expect an address that they
    /// can show.
    ///
    /// - Parameters:
    ///   - host: The host, prepared.
    ///   - asciiHost: The same with its labels as DNS has them (A-labels, RFC 5890 §2.3.2.1).
    ///   - uri: The invite's XMPP URI.
    package func url(host: String, asciiHost: String, token: Token, uri: String) -> String {
        var url = ""
        for piece in pieces {
            switch piece {
            case .text(let text): url += text
            case .placeholder(.host, .host): PercentEncoding.append(asciiHost, to: &url)
            case .placeholder(.host, _): PercentEncoding.append(host, to: &url)
            case .placeholder(.token, _): url += token.text
            case .placeholder(.uri, let place): Self.append(uri[...], in: place, to: &url)
            case .placeholder(.uriWithoutScheme, let place):
                let start = uri.firstIndex(of: ":").map { uri.index(after: $0) } ?? uri.startIndex
                Self.append(uri[start...], in: place, to: &url)
            }
        }
        return url
    }

    private static func append(_ uri: Substring, in place: Place, to url: inout String) {
        if place == .fragment { url += uri } else { PercentEncoding.append(String(uri), to: &url) }
    }
}

// MARK: - Reading

extension LandingPage {
    private static func pieces(of template: String) throws(LandingPageError) -> [Piece] {
        let lowercased = template.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lowercased.hasPrefix) else { throw .notAbsolute }
        let rest = template.utf8.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex { [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
        let authority = rest[..<(end ?? rest.endIndex)]
        var pieces = [Piece.text(scheme)]
        pieces += try self.pieces(ofAuthority: String(Substring(authority)))
        var place = Place.path
        var reader = Reader(rest[authority.endIndex...])
        while let next = try reader.next() {
            switch next {
            case .placeholder(let placeholder): pieces.append(.placeholder(placeholder, place))
            case .byte(let byte):
                switch byte {
                case UInt8(ascii: "?") where place == .path: place = .query
                case UInt8(ascii: "#") where place != .fragment: place = .fragment
                case UInt8(ascii: "#"): throw .badCharacter("#")
                default: break
                }
                append(byte, to: &pieces)
            }
        }
        return pieces
    }

    /// A host, and perhaps a port.
    private static func pieces(ofAuthority authority: String) throws(LandingPageError) -> [Piece] {
        var pieces: [Piece] = []
        var reader = Reader(authority.utf8[...])
        // With a host of ordinary length in place of the placeholder, to check the whole.
        var example = ""
        while let next = try reader.next() {
            switch next {
            case .placeholder(.host):
                pieces.append(.placeholder(.host, .host))
                example += "host.example"
            case .placeholder(let placeholder): throw .placeholderInHost(placeholder)
            case .byte(let byte):
                append(byte, to: &pieces)
                example.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        guard isAuthority(example) else { throw .badHost }
        return pieces
    }

    private static func append(_ byte: UInt8, to pieces: inout [Piece]) {
        let character = String(Unicode.Scalar(byte))
        if case .text(let text)? = pieces.last {
            pieces[pieces.count - 1] = .text(text + character)
        } else {
            pieces.append(.text(character))
        }
    }

    static func isAuthority(_ text: String) -> Bool {
        var host = Substring(text)
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            let port = host[host.index(after: colon)...]
            guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port), number > 0 else {
                return false
            }
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            // Whether it is a valid IPv6 address shows when the link is opened.
            let address = host.dropFirst().dropLast()
            return address.contains(":")
                && address.utf8.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit || ":.".utf8.contains($0) }
        }
        return host.utf8.count <= 253
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") }
            }
    }

    /// Takes a template apart.
    private struct Reader {
        enum Part {
            case byte(UInt8)
            case placeholder(Placeholder)
        }

        private var rest: Substring.UTF8View

        init(_ rest: Substring.UTF8View) {
            self.rest = rest
        }

        mutating func next() throws(LandingPageError) -> Part? {
            guard let first = rest.first else { return nil }
            switch first {
            case UInt8(ascii: "{"):
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw .unbalancedBrace }
                let name = String(Substring(rest[rest.index(after: rest.startIndex)..<end]))
                guard let placeholder = Placeholder(rawValue: name) else { throw .unknownPlaceholder(name) }
                rest = rest[rest.index(after: end)...]
                return .placeholder(placeholder)
            case UInt8(ascii: "}"): throw .unbalancedBrace
            case UInt8(ascii: "%"):
                guard rest.dropFirst().prefix(2).count(where: { Unicode.Scalar($0).properties.isASCIIHexDigit }) == 2
                else { throw .badCharacter("%") }
            default:
                // Reserved and unreserved characters (RFC 3986 §2). Brackets are for IPv6 addresses, which the host has
                // been checked for where it is one.
                guard PercentEncoding.isUnreserved(first) || ":/?#[]@!$&'()*+,;=".utf8.contains(first) else {
                    throw .badCharacter(Substring(rest).unicodeScalars.first.map(String.init) ?? "")
                }
            }
            rest.removeFirst()
            return .byte(first)
        }
    }
}

/// Why a text is not a ``LandingPage``.
package enum LandingPageError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong
    /// It does not begin with `https://` or `http://`.
    case notAbsolute
    /// Its host is none.
    case badHost
    /// Something else than the host is to be in the host.
    case placeholderInHost(LandingPage.Placeholder)
    /// The name in braces is no ``LandingPage/Placeholder``.
    case unknownPlaceholder(String)
    case unbalancedBrace
    /// A URL does not hold this character there.
    case badCharacter(String)
    /// It does not contain what distinguishes invites.
    case sameForAll

    /// What is wrong, in words that follow the template.
    package var description: String {
        switch self {
        case .tooLong: "it is longer than \(LandingPage.longestTemplate) bytes"
        case .notAbsolute: "it does not begin with https:// or http://"
        case .badHost: "the host in it is none; write a name, with non-ASCII labels as xn--…, and perhaps a port"
        case .placeholderInHost(let placeholder): "{\(placeholder.rawValue)} cannot be in the host; only {host} can"
        case .unknownPlaceholder(let name):
            "there is no {\(name)}; there are \(Self.list(LandingPage.Placeholder.allCases))"
        case .unbalancedBrace: "a brace in it has no partner; %7B and %7D stand for braces"
        case .badCharacter("%"): "a % in it is not followed by two hexadecimal digits; %25 stands for a %"
        case .badCharacter("#"): "it has a second #; %23 stands for one"
        case .badCharacter(let character):
            "a URL does not hold \(character) as it is: percent-encode it, or in a host's name write the label as xn--…"
        case .sameForAll: "every invite would get the same page: use {uri_without_scheme}, {uri} or {token}"
        }
    }

    private static func list(_ placeholders: [LandingPage.Placeholder]) -> String {
        placeholders.map { "{\($0.rawValue)}" }.joined(separator: ", ")
    }
}
