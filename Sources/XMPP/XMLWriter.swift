package import NIOCore

/// Writes elements as XML 1.0 in UTF-8, declaring a default namespace wherever it changes.
package struct XMLWriter: Sendable {
    /// What has been written so far. An array: it takes the many small pieces of an answer faster than a `ByteBuffer`.
    private var bytes: [UInt8] = []
    /// How long the stream has to be, counted from the first byte here, for a server to have read every tag.
    ///
    /// Expat tries a tag that arrives in pieces again once it has twice as much as the last time: since 2.6, and in
    /// earlier ones with security updates. Of a tag of `n` bytes it has tried at most `n - 1` in vain.
    private(set) var settledLength = 0

    package init() {}

    /// What has been written so far.
    package var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }

    /// What has been written so far, as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Appends one element.
    ///
    /// - Parameter outer: The default namespace in force where the element is inserted; on a component stream
    ///   ``Namespaces/component``.
    package mutating func write(_ element: Element, inside outer: String = Namespaces.component) {
        // XML's own namespace may not be a default one, but its prefix is always there.
        let hasPrefix = element.namespace == Namespaces.xml
        let namespaceInForce = hasPrefix ? outer : element.namespace
        let startTag = bytes.count
        append(hasPrefix ? "<xml:" : "<")
        append(element.name)
        if namespaceInForce != outer {
            append(" xmlns='")
            writeEscaped(element.namespace)
            append("'")
        }
        for (index, attribute) in element.attributes.enumerated() {
            write(attribute, index: index)
        }
        if element.content.isEmpty {
            append("/>")
            settle(startTag)
            return
        }
        append(">")
        settle(startTag)
        for node in element.content {
            switch node {
            case .element(let child): write(child, inside: namespaceInForce)
            case .text(let text): writeEscaped(text)
            }
        }
        let endTag = bytes.count
        append(hasPrefix ? "</xml:" : "</")
        append(element.name)
        append(">")
        settle(endTag)
    }

    /// Notes that a tag from there to here has been written.
    private mutating func settle(_ start: Int) {
        settledLength = max(settledLength, start + 2 * (bytes.count - start - 1))
    }

    private mutating func write(_ attribute: Element.Attribute, index: Int) {
        switch attribute.namespace {
        case "": append(" ")
        case Namespaces.xml: append(" xml:")
        default:
            // The index makes the prefix the attribute's own: two of them may have different namespaces.
            append(" xmlns:a\(index)='")
            writeEscaped(attribute.namespace)
            append("' a\(index):")
        }
        append(attribute.name)
        append("='")
        writeEscaped(attribute.value)
        append("'")
    }

    private mutating func append(_ text: String) {
        // Strings from Foundation or C may have no contiguous storage.
        if text.utf8.withContiguousStorageIfAvailable({ bytes.append(contentsOf: $0) }) == nil {
            bytes.append(contentsOf: text.utf8)
        }
    }

    /// Appends the text if nothing in it needs care.
    private mutating func appendPlain(_ text: String) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { plain in
            for byte in plain where Self.needsCare(byte) { return false }
            bytes.append(contentsOf: plain)
            return true
        } ?? false
    }

    private mutating func writeEscaped(_ text: String) {
        if appendPlain(text) { return }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": append("&lt;")
            case ">": append("&gt;")
            case "&": append("&amp;")
            case "'": append("&apos;")
            case "\"": append("&quot;")
            // Written as they are, attribute normalization would turn the first two into spaces, and line-end
            // normalization the third into a newline.
            case "\t", "\n", "\r": append("&#\(scalar.value);")
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
                // XML 1.0 has no way to write these. One in a configured name must not end the whole stream.
                append("\u{FFFD}")
            default: append(String(Character(scalar)))
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
    /// The element as XML text, as on a component stream.
    package func xml(inside outer: String = Namespaces.component) -> String {
        var writer = XMLWriter()
        writer.write(self, inside: outer)
        return writer.text
    }
}
