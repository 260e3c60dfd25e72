internal import CLibXML2

/// The callbacks that libxml2 makes while it parses. None can throw: a failure is noted and the parser stopped.
extension StreamParser {
    static func saxHandler() -> xmlSAXHandler {
        var handler = xmlSAXHandler()
        handler.initialized = XML_SAX2_MAGIC
        handler.startElementNs = { user, name, prefix, uri, namespaceCount, namespaces, count, _, attributes in
            parser(user)?.start(
                name, prefix: prefix, uri: uri,
                namespaces: UnsafeBufferPointer(start: namespaces, count: Int(namespaceCount) * 2),
                attributes: UnsafeBufferPointer(start: attributes, count: Int(count) * 5))
        }
        handler.endElementNs = { user, _, _, _ in parser(user)?.end() }
        handler.characters = { user, text, length in parser(user)?.text(text, Int(length)) }
        handler.cdataBlock = { user, text, length in parser(user)?.text(text, Int(length)) }
        // Only at the place of the XML declaration: anywhere else the scanner does not let it through.
        handler.processingInstruction = { user, _, _ in
            parser(user)?.refuse("processing instructions are not allowed")
        }
        handler.reference = { user, _ in parser(user)?.refuse("only the five entities of XML are allowed") }
        // Without a handler of our own libxml2 prints its errors.
        handler.serror = { user, error in parser(user)?.note(error?.pointee) }
        return handler
    }

    fileprivate func refuse(_ what: String) {
        fail(StreamError(.restrictedXML, text: what))
    }

    /// Records the first error. A namespace error concerns only its stanza: libxml2 continues, and servers relay
    /// prefixes that their users have declared nowhere, or only to them. A namespace that is no URI is not even that:
    /// names are compared as they are.
    fileprivate func note(_ error: xmlError?) {
        guard let error, error.level.rawValue >= XML_ERR_ERROR.rawValue else { return }
        let code = xmlParserErrors(UInt32(bitPattern: error.code))
        if error.domain == CInt(XML_FROM_NAMESPACE.rawValue), depth > 0 {
            if code != XML_WAR_NS_URI { hasNamespaceFault = true }
        } else if complaint == nil, code != XML_WAR_NS_URI {
            complaint = code
        }
    }

    fileprivate func start(
        _ name: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?, uri: UnsafePointer<xmlChar>?,
        namespaces: UnsafeBufferPointer<UnsafePointer<xmlChar>?>,
        attributes: UnsafeBufferPointer<UnsafePointer<xmlChar>?>
    ) {
        guard failure == nil else { return }
        depth += 1
        if isReplaying { return }
        tags += 1
        if depth > 1 {
            open.append(makeElement(name, uri, attributes))
            return
        }
        headerNamespaces = stride(from: 0, to: namespaces.count, by: 2).map { index in
            (string(namespaces[index]), string(namespaces[index + 1]))
        }
        let element = makeElement(name, uri, attributes)
        headerName = prefix.map { "\(string($0)):\(element.name)" } ?? element.name
        let contentNamespace = headerNamespaces.first { $0.prefix.isEmpty }?.uri ?? ""
        events.append(.opened(element, contentNamespace: contentNamespace))
    }

    fileprivate func end() {
        guard failure == nil else { return }
        depth -= 1
        tags += 1
        guard depth > 0 else {
            events.append(.closed)
            return
        }
        guard let element = open.popLast() else { return }
        if depth > 1, let outer = open.indices.last {
            open[outer].content.append(.element(element))
            return
        }
        if hasNamespaceFault {
            hasNamespaceFault = false
            events.append(.refused(RefusedStanza(.namespace, outline: element.outline())))
        } else {
            events.append(.element(element))
        }
    }

    fileprivate func text(_ text: UnsafePointer<xmlChar>?, _ length: Int) {
        // An empty section is no text.
        guard failure == nil, let text, length > 0 else { return }
        let bytes = UnsafeBufferPointer(start: text, count: length)
        guard let top = open.indices.last else {
            // Between stanzas only keepalive white space is allowed.
            if !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) {
                fail(StreamError(.badFormat, text: "text between stanzas"))
            }
            return
        }
        let piece = String(decoding: bytes, as: UTF8.self)
        // libxml2 delivers text in pieces, at buffer ends and entities.
        if let last = open[top].content.indices.last, case .text(var joined) = open[top].content[last] {
            // Taken out first, so that appending does not copy what is there already.
            open[top].content[last] = .text("")
            joined += piece
            open[top].content[last] = .text(joined)
        } else {
            open[top].content.append(.text(piece))
        }
    }

    private func makeElement(
        _ name: UnsafePointer<xmlChar>?, _ uri: UnsafePointer<xmlChar>?,
        _ attributes: UnsafeBufferPointer<UnsafePointer<xmlChar>?>
    ) -> Element {
        var element = Element(string(name), namespace: string(uri))
        let count = attributes.count / 5
        element.attributes.reserveCapacity(count)
        for index in 0..<count {
            // libxml2's layout: local name, prefix, URI, first byte of the value, byte after the value.
            let at = index * 5
            guard let start = attributes[at + 3], let end = attributes[at + 4] else { continue }
            let value = String(decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)
            element.attributes.append(
                .init(name: string(attributes[at]), namespace: string(attributes[at + 2]), value: value))
        }
        return element
    }

    /// A name or namespace as a string. The pointers are libxml2's interned strings, so the long ones are made once.
    private func string(_ pointer: UnsafePointer<xmlChar>?) -> String {
        guard let pointer else { return "" }
        let length = Int(xmlStrlen(pointer))
        let bytes = UnsafeBufferPointer(start: pointer, count: length)
        // Up to 15 bytes a Swift string needs no memory of its own.
        if length <= 15 { return String(decoding: bytes, as: UTF8.self) }
        if let known = longStrings[pointer] { return known }
        let made = String(decoding: bytes, as: UTF8.self)
        if longStrings.count < 1024 { longStrings[pointer] = made }
        return made
    }
}

/// The parser behind libxml2's user data, which is the unretained object that made the context and outlives it.
private func parser(_ user: UnsafeMutableRawPointer?) -> StreamParser? {
    user.map { Unmanaged<StreamParser>.fromOpaque($0).takeUnretainedValue() }
}
