internal import Glibc

/// Follows the markup of an XML stream without building anything: where tags and the elements of the first level end,
/// and where one passes its limits.
///
/// It sees every byte before libxml2 does, so that what costs too much there is never given to it. On well-formed input
/// it agrees with XML 1.0; on other input libxml2 complains about the bytes that it is given. Its time is linear in the
/// bytes.
struct StreamScanner {
    enum Step: Hashable {
        /// All bytes are read.
        case needsMore
        /// An element of the first level ended, read or skipped.
        case stanzaEnded
        /// The present element of the first level is past a limit, and from here on skipped.
        case exceeded(Excess)
        /// The stream cannot continue.
        case failed(StreamError)
    }

    /// What passed a limit.
    enum Excess: Hashable {
        /// The element's own start tag, which is read nevertheless, from `safe` to `index`.
        case ownTag
        /// The element's own start tag, which is not to be read.
        case address
        /// The start tag of an element inside, which is not to be read.
        case startTag
        /// Text, or an end tag, which is not to be read.
        case content
    }

    private enum State {
        case text
        /// After `<`.
        case markup
        case startTag
        /// In an attribute's value, which ends with this quote.
        case value(quote: UInt8)
        case endTag
        /// After `<!`, and as many bytes of what begins a CDATA section.
        case sectionStart(Int)
        /// In a CDATA section, after so many `]`, at most two.
        case section(brackets: Int)
        /// In the XML declaration.
        case declaration
    }

    private let limits: ParserLimits
    private var state = State.text
    /// Elements that are open, the stream being the first.
    private(set) var depth = 0
    /// Whether the present element of the first level is read to its end only.
    private(set) var isSkipping = false
    /// Tags so far that are to be read, an empty element's twice.
    private(set) var tags = 0
    /// Bytes of the present element of the first level so far.
    private var stanzaBytes = 0
    /// Elements of it so far.
    private var elements = 0
    /// Bytes of the present tag so far.
    private var tagBytes = 0
    /// Attributes of the present start tag so far: each has one `=` outside its value.
    private var attributes = 0
    /// The last byte of the present start tag, outside values, or declaration.
    private var previous: UInt8 = 0
    /// Whether nothing was read before the present markup.
    private var isAtStart = true
    /// Whether the skipped element ended where it passed its limit.
    private var hasEnded = false

    private static let sectionStart = Array("[CDATA[".utf8)

    init(limits: ParserLimits) {
        self.limits = limits
    }

    /// Scans until the caller has to act.
    ///
    /// - Parameters:
    ///   - index: Where to begin, and afterwards where to continue.
    ///   - safe: Afterwards, up to where the bytes can be given to libxml2: they end outside any tag, and what must not
    ///     be read is not among them. Unchanged where there is no such place.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, from index: inout Int, safe: inout Int) -> Step {
        if hasEnded {
            hasEnded = false
            return endStanza()
        }
        while index < bytes.count {
            let step: Step?
            switch state {
            case .text: step = scanText(bytes, &index, &safe)
            case .markup: step = scanMarkup(bytes[index], &index)
            case .startTag: step = scanStartTag(bytes, &index, &safe)
            case .value(let quote): step = scanValue(bytes, &index, quote)
            case .endTag: step = scanEndTag(bytes, &index, &safe)
            case .sectionStart(let count): step = scanSectionStart(bytes[index], &index, &safe, count)
            case .section(let brackets): step = scanSection(bytes, &index, &safe, brackets)
            case .declaration: step = scanDeclaration(bytes[index], &index, &safe)
            }
            if let step { return step }
        }
        return .needsMore
    }

    // MARK: Text

    private mutating func scanText(_ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ safe: inout Int) -> Step? {
        let end = bytes.firstIndex(of: UInt8(ascii: "<"), from: index)
        let count = (end ?? bytes.count) - index
        index += count
        safe = index
        if count > 0 {
            isAtStart = false
            if depth > 1 {
                stanzaBytes += count
                if let step = excess(.content) { return step }
            }
        }
        guard end != nil else { return nil }
        index += 1
        tagBytes = 1
        if depth == 1 {
            stanzaBytes = 0
            elements = 0
        }
        stanzaBytes += 1
        state = .markup
        return nil
    }

    private mutating func scanSection(
        _ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ safe: inout Int, _ before: Int
    ) -> Step? {
        var brackets = before
        let start = index
        var isOver = false
        while index < bytes.count, !isOver {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "]") {
                brackets = min(brackets + 1, 2)
            } else if byte == UInt8(ascii: ">"), brackets == 2 {
                isOver = true
            } else {
                brackets = 0
            }
        }
        safe = index
        stanzaBytes += index - start
        state = isOver ? .text : .section(brackets: brackets)
        return excess(.content)
    }

    // MARK: Markup

    private mutating func scanMarkup(_ byte: UInt8, _ index: inout Int) -> Step? {
        switch byte {
        case UInt8(ascii: "/"):
            state = .endTag
        case UInt8(ascii: "!"):
            state = .sectionStart(0)
        case UInt8(ascii: "?"):
            guard isAtStart else { return restricted("processing instructions") }
            previous = 0
            state = .declaration
        default:
            // The byte belongs to the tag: it is read there.
            isAtStart = false
            attributes = 0
            previous = 0
            state = .startTag
            return nil
        }
        isAtStart = false
        index += 1
        count(1)
        return nil
    }

    private func restricted(_ what: String) -> Step {
        .failed(StreamError(.restrictedXML, text: "\(what) are not allowed"))
    }

    private mutating func scanSectionStart(
        _ byte: UInt8, _ index: inout Int, _ safe: inout Int, _ matched: Int
    ) -> Step? {
        guard byte == Self.sectionStart[matched] else {
            return restricted(byte == UInt8(ascii: "-") ? "comments" : "document types")
        }
        index += 1
        count(1)
        if matched + 1 == Self.sectionStart.count {
            guard depth > 1 else { return .failed(StreamError(.badFormat, text: "text between stanzas")) }
            safe = index
            state = .section(brackets: 0)
        } else {
            state = .sectionStart(matched + 1)
        }
        return nil
    }

    private mutating func scanDeclaration(_ byte: UInt8, _ index: inout Int, _ safe: inout Int) -> Step? {
        index += 1
        count(1)
        if byte == UInt8(ascii: ">"), previous == UInt8(ascii: "?") {
            safe = index
            state = .text
        }
        previous = byte
        return tagBytes > limits.addressBytes ? .failed(Self.tooLarge) : nil
    }

    // MARK: Tags

    private mutating func scanStartTag(
        _ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ safe: inout Int
    ) -> Step? {
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: ">"):
                count(index - start)
                return endStartTag(isEmpty: previous == UInt8(ascii: "/"), index, &safe)
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                count(index - start)
                previous = byte
                state = .value(quote: byte)
                return nil
            case UInt8(ascii: "="):
                attributes += 1
                previous = byte
            default:
                previous = byte
            }
        }
        count(index - start)
        return startTagExcess()
    }

    private mutating func scanValue(_ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ quote: UInt8) -> Step? {
        guard scan(bytes, &index, to: quote) else { return startTagExcess() }
        state = .startTag
        return nil
    }

    private mutating func endStartTag(isEmpty: Bool, _ index: Int, _ safe: inout Int) -> Step? {
        state = .text
        let outer = depth
        if outer > 0 { elements += 1 }
        var isRead = !isSkipping
        var step = startTagExcess()
        if step != nil {
            isRead = false
        } else if outer == 1 {
            step = excess(.ownTag, attributes: attributes)
        }
        if isRead {
            tags += isEmpty ? 2 : 1
            if step == nil { safe = index }
        }
        if case .failed? = step { return step }
        if !isEmpty { depth += 1 }
        guard isEmpty, outer == 1 else { return step }
        hasEnded = step != nil
        return step ?? endStanza()
    }

    private mutating func scanEndTag(_ bytes: UnsafeRawBufferPointer, _ index: inout Int, _ safe: inout Int) -> Step? {
        let isWhole = scan(bytes, &index, to: UInt8(ascii: ">"))
        if depth < 2, tagBytes > limits.addressBytes { return .failed(Self.tooLarge) }
        let step = depth < 2 ? nil : excess(.content)
        guard isWhole else { return step }
        state = .text
        if case .failed? = step { return step }
        if step == nil, !isSkipping {
            tags += 1
            safe = index
        }
        if depth > 0 { depth -= 1 }
        guard depth == 1 else { return step }
        hasEnded = step != nil
        return step ?? endStanza()
    }

    private mutating func endStanza() -> Step {
        isSkipping = false
        return .stanzaEnded
    }

    // MARK: Limits

    /// Counts bytes of the present tag.
    private mutating func count(_ bytes: Int) {
        tagBytes += bytes
        stanzaBytes += bytes
    }

    /// Reads up to a byte and past it.
    ///
    /// - Returns: Whether it is there.
    private mutating func scan(_ bytes: UnsafeRawBufferPointer, _ index: inout Int, to byte: UInt8) -> Bool {
        let found = bytes.firstIndex(of: byte, from: index)
        let end = found.map { $0 + 1 } ?? bytes.count
        count(end - index)
        index = end
        return found != nil
    }

    /// What the present start tag passes, as far as it is there.
    private mutating func startTagExcess() -> Step? {
        if depth > 1 {
            let isTooDeep = depth > limits.depth
            return excess(.startTag, attributes: attributes, isTooMuch: isTooDeep || elements > limits.elements)
        }
        guard tagBytes > limits.addressBytes || attributes > limits.addressAttributes else { return nil }
        return depth == 0 ? .failed(Self.tooLarge) : excess(.address, isTooMuch: true)
    }

    private mutating func excess(_ excess: Excess, attributes: Int = 0, isTooMuch: Bool = false) -> Step? {
        if stanzaBytes > limits.skippedBytes { return .failed(Self.tooLarge) }
        if isSkipping { return nil }
        guard isTooMuch || attributes > limits.attributes || stanzaBytes > limits.stanzaBytes else { return nil }
        isSkipping = true
        return .exceeded(excess)
    }

    private static let tooLarge = StreamError(.policyViolation, text: "a stanza or tag is too large")
}

extension UnsafeRawBufferPointer {
    /// The first place of a byte, from a given one on.
    fileprivate func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard let base = baseAddress, start < count,
            let found = memchr(base + start, CInt(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
