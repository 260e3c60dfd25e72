/// A URL with placeholders for the values of an invite, such as Prosody's `{app.link!}&referrer={invite.uri}`. A value
/// is percent-encoded; with `!` after its name it is inserted as it is.
package struct LinkFormat: Hashable, Sendable {
    /// A placeholder, in braces.
    enum Placeholder: String, CaseIterable, Hashable {
        case appLink = "app.link"
        case buttonURL = "button.url"
        case appID = "app.id"
        case inviteURI = "invite.uri"
        case inviteToken = "invite.token"
        case host
        case username
        case domain
    }

    enum Piece: Hashable {
        case text(String)
        case placeholder(Placeholder, isRaw: Bool)
    }

    let pieces: [Piece]

    static let longest = 1000

    /// - Throws: ``LinkFormatError``.
    init(_ format: String) throws(LinkFormatError) {
        guard format.utf8.count <= Self.longest else { throw .tooLong }
        var pieces: [Piece] = []
        var rest = format[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else { throw .unbalancedBrace }
            var name = rest[rest.index(after: open)..<close]
            let isRaw = name.hasSuffix("!")
            if isRaw { name.removeLast() }
            guard name != "password" else { throw .password }
            guard let placeholder = Placeholder(rawValue: String(name)) else { throw .unknownPlaceholder(String(name)) }
            pieces.append(.placeholder(placeholder, isRaw: isRaw))
            rest = rest[rest.index(after: close)...]
        }
        guard !rest.contains("}") else { throw .unbalancedBrace }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
        switch pieces.first {
        case .text(let text) where text.isWebURL: break
        case .placeholder(.appLink, isRaw: true), .placeholder(.buttonURL, isRaw: true): break
        default: throw .noURL
        }
    }
}

/// Why a text is not a ``LinkFormat``, in words that follow it.
enum LinkFormatError: Error, Hashable, CustomStringConvertible {
    case tooLong
    case unbalancedBrace
    case unknownPlaceholder(String)
    case password
    case noURL

    var description: String {
        switch self {
        case .tooLong: "it is longer than \(LinkFormat.longest) bytes"
        case .unbalancedBrace: "a brace in it has no partner"
        case .unknownPlaceholder(let name):
            "there is no {\(name)}; there are "
                + LinkFormat.Placeholder.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ")
        case .password: "a password is never put into a link, where logs and histories would have it"
        case .noURL: "it begins neither with https:// or http:// nor with {app.link!} or {button.url!}"
        }
    }
}

extension String {
    /// Whether it is a URL of the web, and so one that a link can lead to without harm.
    var isWebURL: Bool {
        let start = prefix(8).lowercased()
        return (start.hasPrefix("https://") || start.hasPrefix("http://")) && isOneWord
    }

    /// Whether nothing in it is a space or a control character.
    private var isOneWord: Bool { utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } }
}
