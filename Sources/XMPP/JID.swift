internal import Glibc

/// An XMPP address, `localpart@domain/resource`, with its stringprep profiles applied (RFC 6122).
///
/// Two addresses are equal exactly when RFC 6122 says they are: every part is stored prepared (Nodeprep, Nameprep,
/// Resourceprep), so comparing, hashing and printing need no further work.
package struct JID: Hashable, Sendable {
    /// The part before `@`, prepared with Nodeprep; `nil` for a server or a service.
    package let localpart: String?
    /// The domain, prepared with Nameprep, without a trailing dot; or an IPv6 address in brackets.
    package let domain: String
    /// The part after the first `/`, prepared with Resourceprep; `nil` in a bare JID.
    package let resource: String?

    /// Reads and prepares an address as it is written on the wire or in a file.
    ///
    /// - Throws: ``JIDError`` when a part is empty, longer than 1,023 bytes or not allowed by its profile.
    package init(_ text: some StringProtocol) throws(JIDError) {
        if let plain = JID(plain: text) {
            self = plain
        } else {
            try self.init(long: text)
        }
    }

    /// Reads any address by its profiles, also one that ``init(plain:)`` can read.
    init(long text: some StringProtocol) throws(JIDError) {
        var rest = text[...]
        var resource: Substring?
        if let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) {
            resource = Substring(rest[rest.utf8.index(after: slash)...])
            rest = rest[..<slash]
        }
        var localpart: Substring?
        if let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) {
            localpart = Substring(rest[..<at])
            rest = rest[rest.utf8.index(after: at)...]
        }
        try self.init(localpart: localpart, domain: Substring(rest), resource: resource)
    }

    /// Prepares an address from its parts.
    ///
    /// - Throws: ``JIDError`` as ``init(_:)``.
    package init(
        localpart: (some StringProtocol)?, domain: some StringProtocol, resource: (some StringProtocol)?
    ) throws(JIDError) {
        if let localpart {
            self.localpart = try Self.prepareLocalpart(localpart)
        } else {
            self.localpart = nil
        }
        self.domain = try Self.prepareDomain(domain)
        if let resource {
            self.resource = try Stringprep.resourceprep.prepare(String(resource), part: .resource)
        } else {
            self.resource = nil
        }
    }

    /// Applies Nodeprep to a localpart alone, such as a requested username.
    ///
    /// - Throws: ``JIDError`` when it is empty, too long, or has a character that Nodeprep forbids.
    package static func prepareLocalpart(_ localpart: some StringProtocol) throws(JIDError) -> String {
        try Stringprep.nodeprep.prepare(String(localpart), part: .localpart)
    }

    init(preparedLocalpart: String?, domain: String, resource: String?) {
        self.localpart = preparedLocalpart
        self.domain = domain
        self.resource = resource
    }

    /// The address without its resource.
    package var bare: JID { JID(preparedLocalpart: localpart, domain: domain, resource: nil) }
    /// Whether there is no resource.
    package var isBare: Bool { resource == nil }
    /// Whether there is neither localpart nor resource.
    package var isDomain: Bool { localpart == nil && resource == nil }

    private static func prepareDomain(_ domain: some StringProtocol) throws(JIDError) -> String {
        var text = String(domain)
        // Not `text.removeLast()`: a dot can be the end of a longer Character.
        if text.utf8.last == UInt8(ascii: ".") { text.unicodeScalars.removeLast() }
        if text.utf8.first == UInt8(ascii: "[") { return try prepareAddressLiteral(Substring(domain)) }
        let prepared = try Stringprep.nameprep.prepare(text, part: .domain)
        // Nameprep leaves ASCII alone; the host-name rules (STD 3) exclude spaces, quotes and slashes.
        for label in prepared.split(separator: ".", omittingEmptySubsequences: false) where !isLabel(label) {
            throw .init(part: .domain, reason: label.isEmpty ? .empty : .forbidden)
        }
        return prepared
    }

    /// An IPv6 address in brackets (RFC 6122 §2.2, `IP-literal`).
    private static func prepareAddressLiteral(_ text: Substring) throws(JIDError) -> String {
        var address = in6_addr()
        guard text.utf8.count <= Int(INET6_ADDRSTRLEN) + 2, text.utf8.last == UInt8(ascii: "]"),
            !text.utf8.contains(0), inet_pton(AF_INET6, String(text.dropFirst().dropLast()), &address) == 1
        else { throw .init(part: .domain, reason: .forbidden) }
        return text.lowercased()
    }

    private static func isLabel(_ label: Substring) -> Bool {
        guard let first = label.utf8.first, let last = label.utf8.last else { return false }
        if first == UInt8(ascii: "-") || last == UInt8(ascii: "-") { return false }
        // Underscores are not in STD 3, but hosts use them and servers accept them. Beyond ASCII, Nameprep has decided.
        return label.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), 0x80...:
                true
            default: false
            }
        }
    }
}

extension JID {
    // Not the synthesized one: `String` compares by the canonical equivalence of today's Unicode, which is coarser than
    // that of stringprep's Unicode 3.2. What servers distinguish must not be equal here.
    package static func == (a: JID, b: JID) -> Bool {
        isSame(a.domain, b.domain) && isSame(a.localpart, b.localpart) && isSame(a.resource, b.resource)
    }

    private static func isSame(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.utf8.elementsEqual(b.utf8)
    }
}

extension JID: CustomStringConvertible {
    /// The address as it is written on the wire.
    package var description: String {
        var text = ""
        if let localpart {
            text += localpart
            text += "@"
        }
        text += domain
        if let resource {
            text += "/"
            text += resource
        }
        return text
    }
}

/// Why a text is not an XMPP address.
package struct JIDError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part at fault.
    package enum Part: String, Sendable { case localpart, domain, resource }
    /// What is wrong with it.
    package enum Reason: Sendable { case empty, tooLong, forbidden }

    package let part: Part
    package let reason: Reason

    package var description: String {
        switch reason {
        case .empty: "its \(part.rawValue) is empty"
        case .tooLong: "its \(part.rawValue) is longer than 1023 bytes"
        case .forbidden: "its \(part.rawValue) has a character that is not allowed there"
        }
    }
}
