import CLibXML2

/// libxml2's push parser over a component stream, with callbacks that only count: what parsing costs at the least.
final class StanzaCounter {
    private(set) var elements = 0
    private var handler = xmlSAXHandler()
    private var context: xmlParserCtxtPtr?

    init() throws {
        xmlInitParser()
        handler.initialized = XML_SAX2_MAGIC
        handler.startElementNs = { user, _, _, _, _, _, _, _, _ in StanzaCounter.count(user) }
        handler.endElementNs = { _, _, _, _ in }
        handler.characters = { _, _, _ in }
        let user = Unmanaged.passUnretained(self).toOpaque()
        context = xmlCreatePushParserCtxt(&handler, user, nil, 0, nil)
        guard context != nil else { throw BenchError("libxml2 gave no parser") }
        let header = """
            <?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
            xmlns:stream='http://etherx.jabber.org/streams' id='bench'>
            """
        try Array(header.utf8).withUnsafeBytes(parse)
    }

    deinit {
        xmlFreeParserCtxt(context)
    }

    /// Parses bytes in pieces as large as a read from a socket.
    func parse(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(65_536))
            let status = xmlParseChunk(
                context, piece.assumingMemoryBound(to: CChar.self).baseAddress, Int32(piece.count), 0)
            guard status == XML_ERR_OK.rawValue else { throw BenchError("libxml2 refused the bytes: \(status)") }
            rest = rest.dropFirst(piece.count)
        }
    }

    private static func count(_ user: UnsafeMutableRawPointer?) {
        guard let user else { return }
        Unmanaged<StanzaCounter>.fromOpaque(user).takeUnretainedValue().elements += 1
    }
}
