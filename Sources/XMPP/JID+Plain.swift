/// The fast path for addresses that no profile would change: lower-case ASCII without forbidden characters. Nearly all
/// are such, and each request has four.
extension JID {
    /// Reads a plain address in one pass; `nil` for every other text, valid or not.
    init?(plain text: some StringProtocol) {
        let found: JID?? = text.utf8.withContiguousStorageIfAvailable { JID(plain: $0) }
        guard let jid = found ?? nil else { return nil }
        self = jid
    }

    private init?(plain bytes: UnsafeBufferPointer<UInt8>) {
        let slash = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        let at = bytes[..<slash].firstIndex(of: UInt8(ascii: "@"))
        let localpart = at.map { bytes[..<$0] }
        let domain = bytes[(at.map { $0 + 1 } ?? 0)..<slash]
        let resource = slash < bytes.endIndex ? bytes[(slash + 1)...] : nil
        guard Self.isPlainDomain(domain),
            localpart.map({ Self.isPlain($0, Stringprep.nodeprep.keeps) }) ?? true,
            resource.map({ Self.isPlain($0, Stringprep.resourceprep.keeps) }) ?? true
        else { return nil }
        self.init(
            preparedLocalpart: localpart.map { String(decoding: $0, as: UTF8.self) },
            domain: String(decoding: domain, as: UTF8.self),
            resource: resource.map { String(decoding: $0, as: UTF8.self) })
    }

    private static func isPlain(_ part: Slice<UnsafeBufferPointer<UInt8>>, _ keeps: (UInt8) -> Bool) -> Bool {
        !part.isEmpty && part.count <= Stringprep.longestPart && part.allSatisfy(keeps)
    }

    /// Whether it consists of labels of `a-z`, `0-9`, `_` and, inside, `-`.
    private static func isPlainDomain(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard !part.isEmpty, part.count <= Stringprep.longestPart else { return false }
        var previous = UInt8(ascii: ".")
        for byte in part {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                break
            case UInt8(ascii: "-"):
                if previous == UInt8(ascii: ".") { return false }
            case UInt8(ascii: "."):
                if previous == UInt8(ascii: ".") || previous == UInt8(ascii: "-") { return false }
            default:
                return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: ".") && previous != UInt8(ascii: "-")
    }
}
