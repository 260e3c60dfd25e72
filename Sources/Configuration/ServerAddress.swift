import Glibc

/// A host and a TCP port, as in `127.0.0.1:5347`, `localhost:5347` or `[::1]:5347`.
package struct ServerAddress: Hashable, Sendable {
    /// A name, or an IPv4 or IPv6 address; the latter without brackets.
    package let host: String
    /// `1...65535`.
    package let port: Int

    /// Where Prosody and ejabberd listen for components by default.
    package static let standard = ServerAddress(validHost: "127.0.0.1", port: 5347)

    private init(validHost: String, port: Int) {
        host = validHost
        self.port = port
    }

    /// Reads an address with its port.
    ///
    /// - Throws: ``ServerAddressError``, which says what is missing or wrong.
    package init(_ text: String) throws(ServerAddressError) {
        if let separator = text.firstRange(of: "://") {
            let rest = text[separator.upperBound...]
            throw .scheme(rest: String(rest.hasSuffix("/") ? rest.dropLast() : rest))
        }
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else { throw .missingPort }
        let digits = text[text.index(after: colon)...]
        let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let port = UInt16(digits), port > 0 else { throw .badPort }

        let host = text[..<colon]
        if host.first == "[", host.last == "]" {
            let address = String(host.dropFirst().dropLast())
            guard Self.isIPv6(address) else { throw .badHost }
            self.init(validHost: address, port: Int(port))
        } else if host.contains(":") {
            throw .missingBrackets
        } else {
            guard Self.isName(host) else { throw .badHost }
            self.init(validHost: String(host), port: Int(port))
        }
    }

    private static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1
    }

    private static func isName(_ text: Substring) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }
}

extension ServerAddress: CustomStringConvertible {
    /// The address as ``init(_:)`` reads it.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why a text is not a ``ServerAddress``.
package enum ServerAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    case missingPort
    case badPort
    case missingBrackets
    case badHost
    /// It is written as a URL, which has this behind `://`.
    case scheme(rest: String)

    package var description: String {
        switch self {
        case .missingPort: "it has no port; write HOST:PORT, such as 127.0.0.1:5347"
        case .badPort: "its port is not a number from 1 to 65535"
        case .missingBrackets: "an IPv6 address goes in brackets and quotes, such as \"[::1]:5347\""
        case .badHost: "its host is neither a name nor an IP address"
        case .scheme(let rest):
            "it is no URL; write HOST:PORT, such as \((try? ServerAddress(rest))?.description ?? "127.0.0.1:5347")"
        }
    }
}
