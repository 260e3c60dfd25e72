/// A value of a YAML file with the place where it begins.
package struct YAMLNode: Sendable {
    package let mark: SourceMark
    package let content: Content

    package init(mark: SourceMark, content: Content) {
        self.mark = mark
        self.content = content
    }

    package enum Content: Sendable {
        case scalar(Scalar)
        case sequence([YAMLNode])
        case mapping([Entry])
        /// A node that has been reported already, without a value.
        case refused
    }

    package struct Scalar: Sendable {
        package let text: String
        /// Whether it has no quotes. Only such a scalar can be a number, a boolean or null.
        package let isPlain: Bool

        package init(text: String, isPlain: Bool) {
            self.text = text
            self.isPlain = isPlain
        }
    }

    package struct Entry: Sendable {
        package let key: YAMLNode
        package let value: YAMLNode
    }
}

extension YAMLNode {
    /// What a value is by the core schema of YAML 1.2 (§10.3.2), and in what words to say so.
    package enum Kind: String, Sendable {
        case null = "nothing"
        case boolean = "a boolean"
        case number = "a number"
        case text = "a text"
        case sequence = "a list"
        case mapping = "a mapping"
        case refused = "refused"
    }

    package var kind: Kind {
        switch content {
        case .scalar(let scalar): scalar.kind
        case .sequence: .sequence
        case .mapping: .mapping
        case .refused: .refused
        }
    }
}

extension YAMLNode.Scalar {
    package var kind: YAMLNode.Kind {
        guard isPlain else { return .text }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .boolean
        default: return isNumber ? .number : .text
        }
    }

    private var isNumber: Bool {
        var rest = text.utf8[...]
        if rest.starts(with: "0o".utf8) { return rest.dropFirst(2).isFilled(with: Self.isOctalDigit) }
        if rest.starts(with: "0x".utf8) { return rest.dropFirst(2).isFilled(with: Self.isHexDigit) }
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest.removeFirst() }
        switch String(Substring(rest)) {
        case ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN": return true
        default: break
        }
        let whole = rest.removePrefix(while: Self.isDigit)
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = rest.removePrefix(while: Self.isDigit)
        }
        guard whole + fraction > 0 else { return false }
        if let first = rest.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "E") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
            return rest.isFilled(with: Self.isDigit)
        }
        return rest.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isOctalDigit(_ byte: UInt8) -> Bool { (0x30...0x37).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}

extension Substring.UTF8View {
    fileprivate func isFilled(with isMember: (UInt8) -> Bool) -> Bool { !isEmpty && allSatisfy(isMember) }

    /// Removes the longest prefix of such bytes, and returns its length.
    fileprivate mutating func removePrefix(while isMember: (UInt8) -> Bool) -> Int {
        let prefix = prefix(while: isMember)
        self = self[prefix.endIndex...]
        return prefix.count
    }
}
