/// What differs between two pages of one shape: the values that are spliced into a compiled page.
enum Slot: UInt8, CaseIterable {
    // Of the host.
    case siteName, siteHost, sitePath, siteURL, logoPath, webchatURL, imprintURL, termsURL, privacyURL, accentPath
    // Of the visitor.
    /// `?lang=de`, where a language was chosen, or nothing.
    case languageQuery
    // Of the invite.
    case token, uri, uriEncoded, inviter, username, expiresAt, expiresIn, expiresISO
    // Of forms, and of what came of them.
    case account, contactURI, typedUsername, address, seal, shortestPassword, mistakeCount, serverMessage
    // Of problems.
    case retryIn, status

    /// What a value is, which decides where it can stand.
    enum Kind {
        case text
        /// A URL or the path of one, which has been seen to be one of a scheme that does no harm.
        case url
    }

    var kind: Kind {
        switch self {
        case .sitePath, .siteURL, .logoPath, .webchatURL, .imprintURL, .termsURL, .privacyURL, .accentPath, .uri,
            .contactURI:
            .url
        default: .text
        }
    }
}
