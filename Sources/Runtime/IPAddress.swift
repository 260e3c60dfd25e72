internal import Glibc

/// An address of the Internet Protocol, of version 4 or 6. An IPv4 address that is mapped into IPv6 is the IPv4 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Four bytes, or 16.
    package let bytes: [UInt8]

    private init(unchecked bytes: [UInt8]) {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self.bytes = bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    }

    /// Reads an address as inet_pton(3) does, so neither with a port nor with a zone.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(unchecked: withUnsafeBytes(of: &four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(unchecked: withUnsafeBytes(of: &six) { Array($0) })
        } else {
            return nil
        }
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// What counts as one where addresses are counted: an IPv6 customer has a /64 at least.
    package var counted: IPAddress { bytes.count == 16 ? masked(64) : self }

    func masked(_ bits: Int) -> IPAddress {
        let masked = bytes.enumerated().map { index, byte in
            let kept = min(max(bits - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & UInt8(truncatingIfNeeded: 0xFF << (8 - kept))
        }
        // A prefix of a mapped address stays one of its family.
        return IPAddress(unchecked: masked)
    }
}

/// Addresses that begin alike: `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`.
package struct IPRange: Hashable, Sendable, CustomStringConvertible {
    private let address: IPAddress
    private let bits: Int

    /// Reads a range.
    ///
    /// - Returns: `nil` for what is none, also where bits are set behind its length.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)), parts.count <= 2 else { return nil }
        let most = address.bytes.count * 8
        if parts.count == 2 {
            guard let bits = Int(parts[1]), "\(bits)" == parts[1], (0...most).contains(bits),
                address.masked(bits) == address
            else { return nil }
            self.bits = bits
        } else {
            bits = most
        }
        self.address = address
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.bytes.count == address.bytes.count && other.masked(bits) == address
    }

    package var description: String {
        bits == address.bytes.count * 8 ? "\(address)" : "\(address)/\(bits)"
    }
}
