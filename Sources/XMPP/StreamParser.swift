internal import CLibXML2
package import NIOCore

/// Reads an XML stream in pieces of any size (RFC 6120 §4 and §11), with libxml2's SAX2 push parser.
///
/// An element is reported as soon as its last byte is there. Comments, processing instructions, document type
/// declarations and entities other than the five of XML end the stream with `restricted-xml`, broken XML with
/// `not-well-formed`. An element beyond the ``ParserLimits``, or with names that are wrong only to Namespaces in XML,
/// does not: it is reported as ``StreamEvent/refused(_:)``.
///
/// Not thread-safe: it lives on the event loop of its connection.
package final class StreamParser {
    private let handler: UnsafeMutablePointer<xmlSAXHandler>
    // Nil before the first byte, while an element is skipped, and after a failure.
    private var context: xmlParserCtxtPtr?
    private(set) var scanner: StreamScanner
    /// The beginning of a tag that is not complete: it may turn out to be one that libxml2 must not see.
    private var incompleteTag: [UInt8] = []
    /// What is reported when the element that is being skipped ends.
    private var refusal: RefusedStanza?

    // State of the SAX callbacks, in StreamParser+SAX.swift.
    var events: [StreamEvent] = []
    var failure: StreamError?
    var open: [Element] = []
    var depth = 0
    /// Tags that libxml2 has read, an empty element's twice.
    var tags = 0
    /// Whether the present element of the first level, or the start tag before it is reported, has a wrong name.
    var hasNamespaceFault = false
    /// The stream header's name as it is written, with its prefix; `nil` before it is read.
    var headerName: String?
    /// Prefix and URI of each namespace that the stream header declares.
    var headerNamespaces: [(prefix: String, uri: String)] = []
    /// The first error that libxml2 reported and that counts.
    var complaint: xmlParserErrors?
    var longStrings: [UnsafePointer<xmlChar>: String] = [:]
    /// Set while the header is replayed into a new parser.
    var isReplaying = false

    /// libxml2 interns every name for the life of a parser and fails at some ten megabytes of them: long before that,
    /// the stream continues in a new parser.
    static let internedBytesBeforeRenewal = 1 << 20
    private let internedBytesBeforeRenewal: UInt
    /// Bytes given to libxml2 at once, about.
    private static let bytesAtOnce = 1 << 16

    package convenience init(limits: ParserLimits = ParserLimits()) {
        self.init(limits: limits, internedBytesBeforeRenewal: Self.internedBytesBeforeRenewal)
    }

    /// - Parameter internedBytesBeforeRenewal: With none, each element of the first level is read by a new parser.
    init(limits: ParserLimits, internedBytesBeforeRenewal: Int) {
        self.internedBytesBeforeRenewal = UInt(clamping: internedBytesBeforeRenewal)
        scanner = StreamScanner(limits: limits)
        handler = .allocate(capacity: 1)
        handler.initialize(to: Self.saxHandler())
    }

    deinit {
        release()
        handler.deinitialize(count: 1)
        handler.deallocate()
    }

    /// Reads the next bytes of the stream.
    ///
    /// - Returns: What ended within these bytes, in order.
    /// - Throws: ``StreamError`` when the stream cannot continue; the events before it are lost with it. Every later
    ///   call throws the same error.
    package func read(_ bytes: ByteBuffer) throws(StreamError) -> [StreamEvent] {
        if let failure { throw failure }
        bytes.withUnsafeReadableBytes { scan($0) }
        if let failure {
            release()
            incompleteTag = []
            throw failure
        }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Passes to libxml2 what the scanner allows.
    private func scan(_ bytes: UnsafeRawBufferPointer) {
        // Up to here they are given to libxml2 or skipped, and may be given.
        var given = 0
        var safe = 0
        var index = 0
        while failure == nil {
            switch scanner.scan(bytes, from: &index, safe: &safe) {
            case .stanzaEnded:
                if let refusal {
                    events.append(.refused(refusal))
                    self.refusal = nil
                    given = index
                    safe = index
                } else if isWorn {
                    give(bytes, &given, upTo: index)
                    if isInStep() { release() }
                } else if index - given >= Self.bytesAtOnce {
                    give(bytes, &given, upTo: index)
                }
            case .exceeded(let excess):
                give(bytes, &given, upTo: excess == .ownTag ? index : safe)
                skip(excess)
            case .failed(let error):
                // Errors of libxml2 in the bytes before take precedence.
                if refusal == nil { give(bytes, &given, upTo: safe) }
                fail(error)
            case .needsMore:
                if refusal != nil { return }
                give(bytes, &given, upTo: safe)
                guard isInStep() else { return }
                incompleteTag.append(contentsOf: bytes[given...])
                return
            }
        }
    }

    private var isWorn: Bool {
        guard let context else { return false }
        return xmlDictGetUsage(context.pointee.dict) > internedBytesBeforeRenewal
    }

    /// Gives bytes to libxml2, those of the tag first that they complete.
    private func give(_ bytes: UnsafeRawBufferPointer, _ given: inout Int, upTo end: Int) {
        guard end > given else { return }
        incompleteTag.withUnsafeBytes { parse($0) }
        incompleteTag.removeAll(keepingCapacity: incompleteTag.capacity <= Self.bytesAtOnce)
        parse(UnsafeRawBufferPointer(rebasing: bytes[given..<end]))
        given = end
    }

    /// Continues without libxml2 until the present element of the first level ends.
    private func skip(_ excess: StreamScanner.Excess) {
        guard failure == nil, isInStep() else { return }
        let outline: Element?
        switch excess {
        case .address: outline = nil
        case .startTag: outline = self.outline(isTagMissing: true)
        case .content: outline = self.outline(isTagMissing: false)
        case .ownTag where open.isEmpty:
            // An empty element has ended with its start tag. Its event is removed again.
            switch events.popLast() {
            case .element(let element): outline = element.outline()
            case .refused(let stanza): outline = stanza.outline
            case .opened, .closed, nil: outline = nil
            }
        case .ownTag: outline = self.outline(isTagMissing: false)
        }
        refusal = RefusedStanza(.tooLarge, outline: outline)
        incompleteTag = []
        release()
    }

    /// Whether libxml2 has read all tags that it was given. It can wait, for the `;` behind a `&` say, while stanza after
    /// stanza gathers in its input; but on well-formed input it waits for no tag.
    private func isInStep() -> Bool {
        if tags == scanner.tags { return true }
        fail(StreamError(.notWellFormed))
        return false
    }

    /// The outline of the element whose end is not read.
    private func outline(isTagMissing: Bool) -> Element? {
        if isTagMissing, let last = open.indices.last {
            open[last].content.append(.element(RefusedStanza.unread))
        }
        while open.count > 1, let last = open.popLast() {
            open[open.count - 1].content.append(.element(last))
        }
        return open.first?.outline()
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, !bytes.isEmpty, let context = context ?? start() else { return }
        var rest = bytes
        while !rest.isEmpty, failure == nil {
            let count = min(rest.count, Self.bytesAtOnce)
            // Its result is the last error or warning, which may be neither the first nor one that counts.
            _ = xmlParseChunk(context, rest.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(count), 0)
            if failure == nil, complaint != nil || context.pointee.wellFormed == 0 {
                fail(Self.streamError(forLibXMLError: complaint))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Makes a libxml2 parser, and gives it the stream's header if there was one already.
    private func start() -> xmlParserCtxtPtr? {
        let this = Unmanaged.passUnretained(self).toOpaque()
        guard let made = xmlCreatePushParserCtxt(handler, this, nil, 0, nil) else {
            fail(StreamError(.internalServerError, text: "no memory for a parser"))
            return nil
        }
        // NOENT: without it libxml2 delivers `&amp;` in attributes as the text `&#38;`. There is no DTD that could
        // define anything else. IGNORE_ENC: XMPP is UTF-8, whatever the declaration says. HUGE: libxml2's own limits,
        // such as 50,000 bytes for a name, end the stream; ours are lower where it matters and do not.
        let options =
            XML_PARSE_NOENT.rawValue | XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue
            | XML_PARSE_HUGE.rawValue
        xmlCtxtUseOptions(made, CInt(options))
        // Said beforehand, it is not guessed from the first bytes, as UTF-16 would be.
        xmlSwitchEncoding(made, XML_CHAR_ENCODING_UTF8)
        context = made
        if let headerName { replayHeader(headerName) }
        return context
    }

    private func replayHeader(_ name: String) {
        var header = Element(name, namespace: "")
        header.attributes = headerNamespaces.map { prefix, uri in
            .init(name: prefix.isEmpty ? "xmlns" : "xmlns:\(prefix)", value: uri)
        }
        isReplaying = true
        var replay = header.xml(inside: "").dropLast("/>".count) + ">"
        replay.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
        isReplaying = false
    }

    private func release() {
        if let context { xmlFreeParserCtxt(context) }
        context = nil
        open.removeAll(keepingCapacity: true)
        depth = 0
        hasNamespaceFault = false
        longStrings.removeAll(keepingCapacity: true)
    }

    func fail(_ error: StreamError) {
        guard failure == nil else { return }
        failure = error
        if let context { xmlStopParser(context) }
    }

    private static func streamError(forLibXMLError code: xmlParserErrors?) -> StreamError {
        switch code {
        case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY, XML_ERR_ENTITY_LOOP:
            StreamError(.restrictedXML, text: "only the five entities of XML are allowed")
        case XML_NS_ERR_UNDEFINED_NAMESPACE:
            StreamError(.badNamespacePrefix)
        case XML_ERR_INVALID_ENCODING, XML_ERR_UNSUPPORTED_ENCODING, XML_ERR_UNKNOWN_ENCODING:
            StreamError(.unsupportedEncoding)
        default:
            StreamError(.notWellFormed)
        }
    }
}
