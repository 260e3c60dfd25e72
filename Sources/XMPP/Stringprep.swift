internal import CLibIDN

/// One of the stringprep profiles that RFC 6122 applies to the parts of an address, as libidn implements them.
struct Stringprep: Sendable {
    let run: @Sendable (UnsafeMutablePointer<CChar>, Int) -> CInt
    /// Whether the profile leaves this ASCII byte as it is. A text of only such bytes needs no libidn.
    let keeps: @Sendable (UInt8) -> Bool

    static let longestPart = 1023

    static let nodeprep = Stringprep(
        run: { invited_nodeprep($0, $1) },
        keeps: { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): false
            case UInt8(ascii: "\""), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "/"), UInt8(ascii: ":"),
                UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"):
                false
            default: byte > 0x20 && byte < 0x7F
            }
        })

    static let nameprep = Stringprep(
        run: { invited_nameprep($0, $1) },
        keeps: { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): false
            default: byte > 0x20 && byte < 0x7F
            }
        })

    static let resourceprep = Stringprep(
        run: { invited_resourceprep($0, $1) },
        keeps: { $0 >= 0x20 && $0 < 0x7F })

    func prepare(_ text: String, part: JIDError.Part) throws(JIDError) -> String {
        let length = text.utf8.count
        if length == 0 { throw JIDError(part: part, reason: .empty) }
        if length > Self.longestPart { throw JIDError(part: part, reason: .tooLong) }
        if text.utf8.allSatisfy(keeps) { return text }
        // A NUL would end the C string early and hide what follows it.
        if text.utf8.contains(0) { throw JIDError(part: part, reason: .forbidden) }

        // Preparation can lengthen a text (NFKC); 1,023 bytes is the limit after it, too.
        let capacity = Self.longestPart + 1
        let prepared: Result<String, JIDError> = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) {
            buffer in
            guard let base = buffer.baseAddress else { return .failure(JIDError(part: part, reason: .tooLong)) }
            var end = 0
            for byte in text.utf8 {
                buffer[end] = CChar(bitPattern: byte)
                end += 1
            }
            buffer[end] = 0
            switch run(base, capacity) {
            case 0: return .success(String(cString: base))
            case CInt(STRINGPREP_TOO_SMALL_BUFFER.rawValue): return .failure(JIDError(part: part, reason: .tooLong))
            default: return .failure(JIDError(part: part, reason: .forbidden))
            }
        }
        let result = try prepared.get()
        if result.isEmpty { throw JIDError(part: part, reason: .empty) }
        return result
    }
}
