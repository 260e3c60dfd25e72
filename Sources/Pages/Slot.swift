/// What differs between two pages of one shape: the values that are spliced into a compiled page.
enum Slot: UInt8, CaseIterable {
    // Of the host.
    case siteName, siteHost, sitePath, siteURL, root, logoPath, webchatURL, imprintURL, termsURL, privacyURL, accentPath
    // Of the visitor.
    /// `?lang=de`, where a language was chosen, or nothing.
    case languageQuery
    // Of the invite.
    case token, uri, uriEncoded, inviter, username
    /// How long it is valid and until when, as a sentence; when it ends, as people write it, and as machines do.
    case validity, expiresAt, expiresISO
    // Of forms, and of their outcomes.
    case account, contactURI, typedUsername, address, seal, shortestPassword
    /// What a password has to be, and what is wrong with one, as sentences; what the server says.
    case passwordHint, passwordShort, serverMessage
    // Of problems.
    /// When to try again, and when the invite expired, as sentences.
    case retry, expired

    /// The kind of a value, which decides where it is allowed.
    enum Kind {
        case text
        /// A URL or the path of one, whose scheme has been checked to be harmless.
        case url
    }

    var kind: Kind {
        switch self {
        case .sitePath, .siteURL, .root, .logoPath, .webchatURL, .imprintURL, .termsURL, .privacyURL, .accentPath, .uri,
            .contactURI:
            .url
        default: .text
        }
    }
}
