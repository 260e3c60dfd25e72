/// The fields of a form that was posted (`application/x-www-form-urlencoded`, the URL Standard §5.1). It does not print them.
struct FormBody: Sendable, CustomStringConvertible {
    private var fields: [String: String] = [:]

    /// A form of ours has three.
    private static let mostFields = 16

    /// Reads a body.
    ///
    /// - Returns: `nil` where a field is there twice, a percent sign encodes nothing, or something is not UTF-8.
    init?(_ body: [UInt8]) {
        let parts = body.split(separator: UInt8(ascii: "&"))
        guard parts.count <= Self.mostFields else { return nil }
        for part in parts {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = pair.first.flatMap(Self.decoded), fields[name] == nil,
                let value = pair.count == 2 ? Self.decoded(pair[1]) : ""
            else { return nil }
            fields[name] = value
        }
    }

    /// The value of a field; empty where it is not there.
    subscript(name: String) -> String { fields[name] ?? "" }

    var description: String { "\(fields.count) fields" }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let high = digit(rest[rest.startIndex]),
                    let low = digit(rest[rest.startIndex + 1])
                else { return nil }
                decoded.append(high << 4 | low)
                rest = rest.dropFirst(2)
            default: decoded.append(byte)
            }
        }
        // No field of ours has a NUL, and C sees an end there.
        return decoded.contains(0) ? nil : String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
