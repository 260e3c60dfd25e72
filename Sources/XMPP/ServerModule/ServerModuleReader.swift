/// Reads the attributes of an element of ``ServerModule``. What is not known is left alone: a later version may have it.
struct ServerModuleReader {
    let element: Element

    /// An attribute that has to be there, with so many bytes at most.
    func text(_ name: String, longest: Int = ServerModule.longestText) throws(StanzaError) -> String {
        guard let text = element[name], !text.isEmpty, text.utf8.count <= longest else { throw malformed(name) }
        return text
    }

    func optionalText(_ name: String, longest: Int = ServerModule.longestText) throws(StanzaError) -> String? {
        element[name] == nil ? nil : try text(name, longest: longest)
    }

    func token() throws(StanzaError) -> String { try text("token", longest: ServerModule.longestToken) }

    /// 16 to 64 of `[A-Za-z0-9]`.
    func attempt() throws(StanzaError) -> String {
        let attempt = try text("attempt", longest: 64)
        let isAllowed = attempt.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: false
            }
        }
        guard attempt.utf8.count >= 16, isAllowed else { throw malformed("attempt") }
        return attempt
    }

    /// A localpart, prepared.
    ///
    /// - Throws: `not-acceptable` for a text that cannot be one: it may be what a person typed.
    func localpart(_ name: String = "username") throws(StanzaError) -> String {
        let text = try text(name, longest: Stringprep.longestPart)
        do {
            return try JID.prepareLocalpart(text)
        } catch {
            throw StanzaError(.notAcceptable, text: "\(name): \(error)")
        }
    }

    /// A bare JID, prepared. A resource is left out.
    func address(_ name: String) throws(StanzaError) -> JID {
        let text = try text(name, longest: 3 * Stringprep.longestPart + 2)
        guard let jid = try? JID(text), jid.localpart != nil else { throw malformed(name) }
        return jid.bare
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    func optionalTime(_ name: String) throws(StanzaError) -> Int64? {
        guard let text = element[name] else { return nil }
        guard let time = DateTime.parse(text) else { throw malformed(name) }
        return time
    }

    func time(_ name: String) throws(StanzaError) -> Int64 {
        guard let time = try optionalTime(name) else { throw malformed(name) }
        return time
    }

    func choice<Choice: RawRepresentable<String>>(_ name: String) throws(StanzaError) -> Choice {
        guard let choice = element[name].flatMap(Choice.init(rawValue:)) else { throw malformed(name) }
        return choice
    }

    func number(_ name: String, _ range: ClosedRange<Int>) throws(StanzaError) -> Int {
        guard let number = element[name].flatMap({ Int($0) }), range.contains(number) else { throw malformed(name) }
        return number
    }

    func malformed(_ name: String) -> StanzaError {
        StanzaError(.badRequest, text: "<\(element.name)/>: \(name) is missing or malformed")
    }
}

/// What reads the payloads of one side's requests, by their types and names.
struct ServerModuleTable<Request: Sendable>: Sendable {
    struct Key: Hashable {
        let isSet: Bool
        let element: String

        static func get(_ element: String) -> Key { Key(isSet: false, element: element) }
        static func set(_ element: String) -> Key { Key(isSet: true, element: element) }
    }

    typealias Read = @Sendable (ServerModuleReader) throws(StanzaError) -> Request

    let readers: [Key: Read]

    /// - Throws: ``StanzaError``: `feature-not-implemented` for an element that is not known, `bad-request` for one that is
    ///   malformed or has the wrong type, `not-acceptable` for a name that cannot be one.
    func read(_ body: IQ.Body) throws(StanzaError) -> Request {
        let (payload, key): (Element, Key)
        switch body {
        case .get(let element): (payload, key) = (element, .get(element.name))
        case .set(let element): (payload, key) = (element, .set(element.name))
        case .result, .error: throw StanzaError(.badRequest)
        }
        guard payload.namespace == ServerModule.namespace else { throw StanzaError(.featureNotImplemented) }
        if let read = readers[key] { return try read(ServerModuleReader(element: payload)) }
        let isKnown = readers[Key(isSet: !key.isSet, element: key.element)] != nil
        throw isKnown
            ? StanzaError(.badRequest, text: "<\(key.element)/> in an IQ of the wrong type")
            : StanzaError(.featureNotImplemented)
    }
}

extension Element {
    /// An element of ``ServerModule``.
    init(module name: String, _ attributes: KeyValuePairs<String, String?> = [:], children: [Element] = []) {
        self.init(name, namespace: ServerModule.namespace, attributes: attributes, children: children)
    }
}
