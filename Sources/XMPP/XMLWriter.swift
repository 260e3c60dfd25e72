public import NIOCore

/// Writes elements as XML 1.0 in UTF-8, declaring a default namespace wherever it changes.
public struct XMLWriter: Sendable {
    /// What has been written so far.
    public private(set) var buffer: ByteBuffer

    public init(into buffer: ByteBuffer) {
        self.buffer = buffer
    }

    /// Appends one element.
    ///
    /// - Parameter outer: The default namespace in force where the element will stand; on a component stream
    ///   ``Namespaces/component``.
    public mutating func write(_ element: Element, inside outer: String = Namespaces.component) {
        // XML's own namespace may not be a default one, but its prefix is always there.
        let hasPrefix = element.namespace == Namespaces.xml
        let namespaceInForce = hasPrefix ? outer : element.namespace
        buffer.writeStaticString(hasPrefix ? "<xml:" : "<")
        buffer.writeString(element.name)
        if namespaceInForce != outer {
            buffer.writeStaticString(" xmlns='")
            writeEscaped(element.namespace)
            buffer.writeStaticString("'")
        }
        for (index, attribute) in element.attributes.enumerated() {
            write(attribute, index: index)
        }
        if element.content.isEmpty {
            buffer.writeStaticString("/>")
            return
        }
        buffer.writeStaticString(">")
        for node in element.content {
            switch node {
            case .element(let child): write(child, inside: namespaceInForce)
            case .text(let text): writeEscaped(text)
            }
        }
        buffer.writeStaticString(hasPrefix ? "</xml:" : "</")
        buffer.writeString(element.name)
        buffer.writeStaticString(">")
    }

    private mutating func write(_ attribute: Element.Attribute, index: Int) {
        switch attribute.namespace {
        case "": buffer.writeStaticString(" ")
        case Namespaces.xml: buffer.writeStaticString(" xml:")
        default:
            // The index makes the prefix the attribute's own: two of them may have different namespaces.
            buffer.writeString(" xmlns:a\(index)='")
            writeEscaped(attribute.namespace)
            buffer.writeString("' a\(index):")
        }
        buffer.writeString(attribute.name)
        buffer.writeStaticString("='")
        writeEscaped(attribute.value)
        buffer.writeStaticString("'")
    }

    private mutating func writeEscaped(_ text: String) {
        if !text.utf8.contains(where: Self.needsCare) {
            buffer.writeString(text)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": buffer.writeStaticString("&lt;")
            case ">": buffer.writeStaticString("&gt;")
            case "&": buffer.writeStaticString("&amp;")
            case "'": buffer.writeStaticString("&apos;")
            case "\"": buffer.writeStaticString("&quot;")
            // Written as they are, attribute normalization would turn the first two into spaces, and line-end
            // normalization the third into a newline.
            case "\t", "\n", "\r": buffer.writeString("&#\(scalar.value);")
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
                // XML 1.0 has no way to write these. One in a configured name must not end the whole stream.
                buffer.writeStaticString("\u{FFFD}")
            default: buffer.writeString(String(scalar))
            }
        }
    }

    private static func needsCare(_ byte: UInt8) -> Bool {
        switch byte {
        // 0xEF starts U+F000 to U+FFFF, among them the two noncharacters that XML excludes.
        case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "\""),
            0xEF:
            true
        default: false
        }
    }
}

extension Element {
    /// The element as XML text, as it would stand on a component stream.
    public func xml(inside outer: String = Namespaces.component) -> String {
        var writer = XMLWriter(into: ByteBuffer())
        writer.write(self, inside: outer)
        return String(buffer: writer.buffer)
    }
}
