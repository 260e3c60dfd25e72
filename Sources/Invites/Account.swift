/// A user of an XMPP host: a bare address with a localpart.
///
/// Both parts have been prepared by the caller (RFC 6122, Nodeprep and Nameprep), so that equal accounts are the same
/// account.
package struct Account: Hashable, Sendable {
    /// The part before `@`, prepared, not empty.
    package let localpart: String
    /// The host the user belongs to, prepared.
    package let domain: String

    /// The user `localpart` of `domain`, both already prepared.
    package init(localpart: String, domain: String) {
        self.localpart = localpart
        self.domain = domain
    }
}

extension Account {
    // Not the synthesized one: `String` compares by Unicode's canonical equivalence, under which two different accounts
    // of a server may be equal.
    package static func == (a: Account, b: Account) -> Bool {
        a.localpart.utf8.elementsEqual(b.localpart.utf8) && a.domain.utf8.elementsEqual(b.domain.utf8)
    }
}

extension Account {
    /// Reads `localpart@domain`, as ``description`` writes it; `nil` for anything else.
    package init?(address: String) {
        guard let at = address.firstIndex(of: "@"), at != address.startIndex else { return nil }
        let domain = address[address.index(after: at)...]
        guard !domain.isEmpty else { return nil }
        self.init(localpart: String(address[..<at]), domain: String(domain))
    }
}

extension Account: CustomStringConvertible {
    /// The bare address, `localpart@domain`.
    package var description: String { "\(localpart)@\(domain)" }
}
