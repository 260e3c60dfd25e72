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
    public func uri(host: String, redeemableInBand: Bool) -> String {
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

    private static func appendAddress(localpart: String?, domain: String, to uri: inout String) {
        if let localpart {
            appendEncoded(localpart, to: &uri)
            uri += "@"
        }
        appendEncoded(domain, to: &uri)
    }

    /// Percent-encodes the UTF-8 of all but RFC 3986's unreserved characters. RFC 5122 lets some more stand for
    /// themselves, but not every client reads `;`, `=` or `+` there as it should, and every client decodes.
    private static func appendEncoded(_ part: String, to uri: inout String) {
        if part.utf8.allSatisfy(isUnreserved) {
            uri += part
            return
        }
        for byte in part.utf8 {
            if isUnreserved(byte) {
                uri.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                uri += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
