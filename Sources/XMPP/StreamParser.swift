internal import CLibXML2
public import NIOCore

/// What a ``StreamParser`` found.
public enum StreamEvent: Hashable, Sendable {
    /// The stream header, an element without content.
    case opened(Element)
    /// One whole element of the stream's first level.
    case element(Element)
    /// The start tag of a stanza that exceeded its limits, reported when it ended; its content was not kept.
    case oversized(Element)
    /// The stream's end tag.
    case closed
}

/// Reads an XML stream in pieces of any size (RFC 6120 §4 and §11), with libxml2's SAX2 push parser.
///
/// An element is reported as soon as its last byte is there. Comments, processing instructions, document type
/// declarations and entities other than the five of XML end the stream with `restricted-xml`, broken XML with
/// `not-well-formed`.
///
/// Not thread-safe: it lives on the event loop of its connection.
public final class StreamParser {
    private let limits: ParserLimits
    private let handler: UnsafeMutablePointer<xmlSAXHandler>
    // Nil before the first byte and after a failure.
    private var context: xmlParserCtxtPtr?

    // State of the SAX callbacks, in StreamParser+SAX.swift.
    var events: [StreamEvent] = []
    var failure: StreamError?
    var open: [Element] = []
    var depth = 0
    /// Elements of the present stanza so far.
    var elementCount = 0
    var isSkimming = false
    /// The stream header's name as it is written, with its prefix; `nil` before it came.
    var headerName: String?
    /// Prefix and URI of each namespace that the stream header declares.
    var headerNamespaces: [(prefix: String, uri: String)] = []
    /// The first error that libxml2 reported and that counts.
    var complaint: xmlParserErrors?
    var longStrings: [UnsafePointer<xmlChar>: String] = [:]
    /// Where in the input of the present libxml2 parser the last whole element of the first level ended.
    private var boundary = 0
    /// Bytes given to the present libxml2 parser.
    private var fed = 0
    /// Set while the header is replayed into a new parser.
    var isReplaying = false

    /// libxml2 interns every name for the life of a parser and gives up at some ten megabytes of them: long before
    /// that, the stream goes on in a new parser.
    private static let internedBytesBeforeRenewal = 1 << 20

    public init(limits: ParserLimits = ParserLimits()) {
        self.limits = limits
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
    /// - Throws: ``StreamError`` when the stream cannot go on; what came before it is lost with it. Every later call
    ///   throws the same error.
    public func read(_ bytes: ByteBuffer) throws(StreamError) -> [StreamEvent] {
        if let failure { throw failure }
        bytes.withUnsafeReadableBytes { feed($0) }
        if let failure {
            release()
            throw failure
        }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    private func feed(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty, let context = context ?? start() else { return }
        let before = fed
        let boundaryBefore = boundary
        parse(bytes, context)
        if failure != nil { return }
        if fed - boundary > limits.streamBytes {
            fail(StreamError(.policyViolation, text: "stanza too large"))
            return
        }
        let isWorn = xmlDictGetUsage(context.pointee.dict) > Self.internedBytesBeforeRenewal
        // Not after the end tag of the stream: it would be read twice.
        if isWorn, boundary > boundaryBefore, boundary >= before, depth > 0 {
            renew(unread: UnsafeRawBufferPointer(rebasing: bytes[(boundary - before)...]))
        }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer, _ context: xmlParserCtxtPtr) {
        // In slices, so that a tag without an end is noticed before libxml2 reads it whole.
        var rest = bytes
        while !rest.isEmpty, failure == nil {
            let count = min(rest.count, 1 << 16)
            fed += count
            // Its result is the last error or warning, which may be neither the first nor one that counts.
            _ = xmlParseChunk(context, rest.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(count), 0)
            if failure == nil, complaint != nil || context.pointee.wellFormed == 0 {
                fail(Self.streamError(forLibXMLError: complaint))
            }
            if failure == nil, fed - position > limits.tagBytes {
                fail(StreamError(.policyViolation, text: "tag too large"))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private func start() -> xmlParserCtxtPtr? {
        let this = Unmanaged.passUnretained(self).toOpaque()
        guard let made = xmlCreatePushParserCtxt(handler, this, nil, 0, nil) else {
            fail(StreamError(.internalServerError, text: "no memory for a parser"))
            return nil
        }
        // NOENT: without it libxml2 hands out `&amp;` in attributes as the text `&#38;`. There is no DTD that could
        // define anything else. IGNORE_ENC: XMPP is UTF-8, whatever the declaration says. HUGE: libxml2's own limits,
        // such as 50,000 bytes for a name, end the stream; ours are lower where it matters and do not.
        let options =
            XML_PARSE_NOENT.rawValue | XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue
            | XML_PARSE_HUGE.rawValue
        xmlCtxtUseOptions(made, CInt(options))
        // Said beforehand, it is not guessed from the first bytes, as UTF-16 would be.
        xmlSwitchEncoding(made, XML_CHAR_ENCODING_UTF8)
        context = made
        fed = 0
        boundary = 0
        longStrings.removeAll(keepingCapacity: true)
        return made
    }

    private func release() {
        if let context { xmlFreeParserCtxt(context) }
        context = nil
    }

    /// Goes on with a new libxml2 parser, which is told of the stream's header and given what is not read yet.
    private func renew(unread: UnsafeRawBufferPointer) {
        release()
        open.removeAll(keepingCapacity: true)
        depth = 0
        isSkimming = false
        guard let context = start(), let headerName else { return }
        var header = Element(headerName, namespace: "")
        header.attributes = headerNamespaces.map { prefix, uri in
            .init(name: prefix.isEmpty ? "xmlns" : "xmlns:\(prefix)", value: uri)
        }
        isReplaying = true
        var replay = header.xml(inside: "").dropLast("/>".count) + ">"
        replay.withUTF8 { bytes in
            parse(UnsafeRawBufferPointer(bytes), context)
        }
        isReplaying = false
        boundary = fed
        if failure == nil, !unread.isEmpty {
            parse(unread, context)
        }
    }

    func fail(_ error: StreamError) {
        guard failure == nil else { return }
        failure = error
        if let context { xmlStopParser(context) }
    }

    /// Bytes of the stream that libxml2 has consumed, as a position in the input of its present parser.
    private var position: Int {
        guard let input = context?.pointee.input?.pointee, let base = input.base, let current = input.cur else {
            return 0
        }
        return Int(input.consumed) + (current - base)
    }

    func markBoundary() {
        boundary = position
    }

    /// Whether the stanza being read is past one of its limits.
    func exceedsLimits(attributeCount: Int) -> Bool {
        depth - 1 > limits.depth || attributeCount > limits.attributes || elementCount > limits.elements
            || position - boundary > limits.stanzaBytes
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
