extension Token {
    /// What may be the token in a link: in an XMPP URI or a query what follows `preauth=` or `token=`, else all that
    /// has the form of one, the longest first, since a page's address may have it anywhere.
    ///
    /// - Parameter text: The link as it was passed on, perhaps percent-encoded once more.
    package static func candidates(in text: String) -> [Token] {
        let bytes = decoded(Array(text.utf8))
        var runs: [(name: Bool, token: Token)] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex { !isAllowed($0) } ?? bytes.count
            if let token = Token(String(decoding: bytes[start..<end], as: UTF8.self)) {
                let before = bytes[..<start]
                let isNamed = ["preauth=", "token="].contains { before.suffix($0.utf8.count).elementsEqual($0.utf8) }
                runs.append((isNamed, token))
            }
            start = end + 1
        }
        let named = runs.filter(\.name)
        if named.isEmpty, bytes.starts(with: "xmpp:".utf8) { return [] }
        let sorted = runs.sorted { $0.token.text.utf8.count > $1.token.text.utf8.count }
        var tokens: [Token] = []
        for (_, token) in named.isEmpty ? sorted : named where !tokens.contains(token) { tokens.append(token) }
        return Array(tokens.prefix(mostCandidates))
    }

    /// A link with more than that is none of ours.
    private static let mostCandidates = 8

    /// The text with percent-encoding decoded, also where percent signs were encoded themselves.
    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<2 {
            var result: [UInt8] = []
            var rest = bytes[...]
            while let byte = rest.popFirst() {
                let digits = rest.prefix(2)
                if byte == UInt8(ascii: "%"), digits.count == 2,
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                {
                    result.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    result.append(byte)
                }
            }
            bytes = result
        }
        return bytes
    }
}
