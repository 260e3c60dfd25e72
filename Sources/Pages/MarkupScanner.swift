/// The context of a place in HTML, as far as it matters for what is allowed there: a tokenizer (HTML Standard §13.2.5)
/// that knows content, attributes, comments, and elements whose content is no markup.
///
/// It is stricter than a browser where that keeps it small: what a browser would repair is `unsafe`.
struct MarkupScanner: Hashable {
    /// What a value would be at a place.
    enum Place: Hashable {
        /// Text among elements.
        case content
        /// Text in an element that holds no elements: `title` and `textarea`.
        case plainContent
        /// The value of an attribute with quotes; whether the place is at its beginning.
        case attribute(name: String, isAtStart: Bool)
        /// No value can be written there so that it is nothing but a value.
        case unsafe(String)
    }

    private enum State: Hashable {
        case text
        case tagOpen
        case tagName
        case inTag
        case attributeName
        case beforeValue
        case value(quote: UInt8)
        case bareValue
        case declaration
        case comment
    }

    private var state = State.text
    private var tag = ""
    private var isEndTag = false
    private var attribute = ""
    private var isValueEmpty = true
    /// The element whose content runs to its end tag, even where it resembles markup.
    private var rawElement: String?
    /// The last bytes, as far as they can end a comment or a raw element.
    private var recent: [UInt8] = []

    private static let plainElements: Set<String> = ["title", "textarea"]
    private static let rawElements: Set<String> = [
        "script", "style", "xmp", "iframe", "noembed", "noframes", "noscript",
    ]
    private static let longestName = 32

    /// The context of a value at this place.
    var place: Place {
        if let rawElement {
            return Self.plainElements.contains(rawElement) ? .plainContent : .unsafe("inside <\(rawElement)>")
        }
        switch state {
        case .text: return .content
        case .value: return .attribute(name: attribute, isAtStart: isValueEmpty)
        case .tagOpen, .tagName: return .unsafe("in the name of a tag")
        case .inTag, .attributeName: return .unsafe("in a tag, where the name of an attribute is expected")
        case .beforeValue, .bareValue: return .unsafe("in an attribute without quotes")
        case .declaration: return .unsafe("in a declaration")
        case .comment: return .unsafe("in a comment")
        }
    }

    /// Whether it is among elements, as at the beginning of a document.
    var isInContent: Bool { state == .text && rawElement == nil }

    /// Whether what follows is read in the same way as after the other.
    ///
    /// - Parameter next: The byte that follows. A name may have begun if it ends there.
    func isAtSamePlace(as other: MarkupScanner, before next: UInt8?) -> Bool {
        normalized(before: next) == other.normalized(before: next)
    }

    /// Without state that cannot affect what follows.
    private func normalized(before next: UInt8?) -> MarkupScanner {
        var copy = self
        copy.recent = []
        copy.isValueEmpty = true
        let endsName = next.map { Self.isSpace($0) || $0 == UInt8(ascii: ">") } ?? false
        if endsName, copy.state == .attributeName || copy.state == .tagName { copy.state = .inTag }
        switch copy.state {
        case .text: (copy.tag, copy.attribute, copy.isEndTag) = ("", "", false)
        case .inTag: copy.attribute = ""
        default: break
        }
        return copy
    }

    /// Passes a value at this place.
    mutating func passValue() {
        isValueEmpty = false
        recent = []
    }

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { feed(byte) }
    }

    mutating func feed(_ byte: UInt8) {
        if rawElement != nil { return feedRaw(byte) }
        switch state {
        case .text:
            if byte == UInt8(ascii: "<") { state = .tagOpen }
        case .tagOpen:
            tag = ""
            isEndTag = false
            switch byte {
            case UInt8(ascii: "/"):
                isEndTag = true
                state = .tagName
            case UInt8(ascii: "!"), UInt8(ascii: "?"):
                state = .declaration
                recent = []
            case _ where Self.isLetter(byte):
                state = .tagName
                append(byte, to: &tag)
            case UInt8(ascii: "<"): break
            default: state = .text
            }
        case .tagName:
            if byte == UInt8(ascii: ">") {
                endTag()
            } else if Self.isSpace(byte) || byte == UInt8(ascii: "/") {
                state = .inTag
            } else {
                append(byte, to: &tag)
            }
        case .inTag:
            if byte == UInt8(ascii: ">") {
                endTag()
            } else if byte == UInt8(ascii: "=") {
                state = .beforeValue
            } else if !Self.isSpace(byte), byte != UInt8(ascii: "/") {
                attribute = ""
                append(byte, to: &attribute)
                state = .attributeName
            }
        case .attributeName:
            if byte == UInt8(ascii: ">") {
                endTag()
            } else if byte == UInt8(ascii: "=") {
                state = .beforeValue
            } else if Self.isSpace(byte) || byte == UInt8(ascii: "/") {
                state = .inTag
            } else {
                append(byte, to: &attribute)
            }
        case .beforeValue:
            isValueEmpty = true
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                state = .value(quote: byte)
            } else if byte == UInt8(ascii: ">") {
                endTag()
            } else if !Self.isSpace(byte) {
                state = .bareValue
            }
        case .value(let quote):
            if byte == quote { state = .inTag } else { isValueEmpty = false }
        case .bareValue:
            if byte == UInt8(ascii: ">") { endTag() } else if Self.isSpace(byte) { state = .inTag }
        case .declaration:
            recent.append(byte)
            if recent == Array("--".utf8) {
                state = .comment
                recent = []
            } else if byte == UInt8(ascii: ">") {
                state = .text
            } else if recent.count > 2 {
                recent = [0, 0, 0]
            }
        case .comment:
            recent = Array((recent + [byte]).suffix(3))
            if recent == Array("-->".utf8) { state = .text }
        }
    }

    private mutating func endTag() {
        state = .text
        if !isEndTag, Self.plainElements.contains(tag) || Self.rawElements.contains(tag) {
            rawElement = tag
            recent = []
        }
    }

    private mutating func feedRaw(_ byte: UInt8) {
        guard let rawElement else { return }
        let end = Array("</\(rawElement)".utf8)
        recent = Array((recent + [Self.lowercased(byte)]).suffix(end.count))
        guard recent == end else { return }
        self.rawElement = nil
        isEndTag = true
        tag = rawElement
        state = .tagName
    }

    private func append(_ byte: UInt8, to name: inout String) {
        guard name.utf8.count < Self.longestName else { return }
        name.unicodeScalars.append(Unicode.Scalar(Self.lowercased(byte)))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased(byte))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(byte) }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
