package import Runtime

/// Determines the client's address: the peer's, or the one that a trusted proxy reports.
package struct TrustedProxies: Hashable, Sendable {
    private let ranges: [IPRange]

    package init(_ ranges: [IPRange]) {
        self.ranges = ranges
    }

    func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// Whether a peer is a proxy. The mode of a Unix socket decides which proxies can connect to it.
    func trusts(_ peer: HTTPPeer) -> Bool {
        switch peer {
        case .local: true
        case .address(let address): contains(address)
        }
    }

    /// The client's address: the last one named by proxies that is not a proxy's itself. Addresses before it may be
    /// forged by clients.
    ///
    /// - Returns: `nil` for a local proxy that names none.
    func client(of request: HTTPRequest, from peer: HTTPPeer) -> IPAddress? {
        guard trusts(peer) else {
            if case .address(let address) = peer { return address }
            return nil
        }
        let own: IPAddress? = if case .address(let address) = peer { address } else { nil }
        let (old, new) = (Self.forwardedFor(request), Self.forwarded(request))
        switch (old.isEmpty, new.isEmpty) {
        case (true, true): return own
        case (false, true): return rightmost(old, from: own)
        case (true, false): return rightmost(new, from: own)
        case (false, false):
            // A proxy sets one of them, and passes on what clients have sent of the other.
            let (first, second) = (rightmost(old, from: own), rightmost(new, from: own))
            return first == second ? first : own
        }
    }

    private func rightmost(_ names: [IPAddress?], from peer: IPAddress?) -> IPAddress? {
        var last = peer
        for name in names.reversed() {
            guard let name else { return last }
            last = name
            if !contains(name) { return name }
        }
        return last
    }

    private static let mostNames = 32

    /// `X-Forwarded-For: client, proxy`; `nil` for what is no address.
    private static func forwardedFor(_ request: HTTPRequest) -> [IPAddress?] {
        request.values(of: "x-forwarded-for").joined(separator: ",").split(separator: ",", maxSplits: 100_000)
            .suffix(mostNames).map { node($0.trimmingSpaces) }
    }

    /// `Forwarded: for=192.0.2.7;proto=https, for="[2001:db8::1]:4711"` (RFC 7239).
    private static func forwarded(_ request: HTTPRequest) -> [IPAddress?] {
        let text = request.values(of: "forwarded").joined(separator: ",")
        if text.isEmpty { return [] }
        let elements = text.split(separator: ",")
        // A separator in a quoted string, such as a client's `Host`, would make a name of what no proxy has said.
        let hasSplitString = text.split { $0 == "," || $0 == ";" }.contains { part in
            part.utf8.count { $0 == UInt8(ascii: "\"") } % 2 != 0
        }
        if hasSplitString { return [nil] }
        return elements.suffix(mostNames).map { element in
            for pair in element.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].trimmingSpaces.lowercased() == "for" else { continue }
                var value = parts[1].trimmingSpaces
                if value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                    value = String(value.dropFirst().dropLast())
                }
                return node(value)
            }
            return nil
        }
    }

    /// An address, perhaps with a port.
    private static func node(_ text: String) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return IPAddress(String(text[text.index(after: text.startIndex)..<end]))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? IPAddress(String(parts[0])) : nil
    }
}
