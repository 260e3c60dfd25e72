/// Percent-encoding (RFC 3986 §2.1).
enum PercentEncoding {
    /// Appends a text with the UTF-8 of all but the unreserved characters encoded.
    static func append(_ text: String, to url: inout String) {
        if text.utf8.allSatisfy(isUnreserved) {
            url += text
            return
        }
        for byte in text.utf8 {
            if isUnreserved(byte) {
                url.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                url += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
