extension Invite {
    /// The XMPP URI of the invite (RFC 5122, XEP-0147, XEP-0379 §3, XEP-0401 §3):
    ///
    /// - `xmpp:alice@example.com?roster;preauth=TOKEN`, with `;ibr=y` after it where the invitee may also register,
    /// - `xmpp:example.com?register;preauth=TOKEN`,
    /// - `xmpp:juliet@example.com?register;preauth=TOKEN` where the name of the new account is fixed, and for the reset of
    ///   a password: no XEP knows such links, so it has the form that Prosody gives them, and which clients open already.
    ///
    /// - Parameters:
    ///   - host: The host that the invite is for, prepared.
    ///   - redeemableInBand: Whether a client can really redeem the token on a stream to `host` (XEP-0445). Without it
    ///     no `ibr=y` is promised.
    package func uri(host: String, redeemableInBand: Bool) -> String {
        var uri = "xmpp:"
        switch action {
        case .roster:
            Self.appendAddress(localpart: inviter?.localpart, domain: inviter?.domain ?? host, to: &uri)
        case .register:
            Self.appendAddress(localpart: username, domain: host, to: &uri)
        }
        uri += "?"
        uri += action.rawValue
        uri += ";preauth="
        uri += token.text
        if action == .roster, kind == .accountAndContact, redeemableInBand { uri += ";ibr=y" }
        return uri
    }

    /// Percent-encodes all but RFC 3986's unreserved characters. RFC 5122 allows some more unencoded, but not every
    /// client reads `;`, `=` or `+` there as it should, and every client decodes.
    private static func appendAddress(localpart: String?, domain: String, to uri: inout String) {
        if let localpart {
            PercentEncoding.append(localpart, to: &uri)
            uri += "@"
        }
        PercentEncoding.append(domain, to: &uri)
    }
}
