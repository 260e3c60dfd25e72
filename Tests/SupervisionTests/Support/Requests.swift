package import XMPP

extension JID: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        // Addresses in tests are known to be good.
        try! self.init(value)
    }
}

/// The address that all hosts share.
let component: JID = "invites.host.example"

/// A `<command/>` as a client sends it.
func command(
    _ node: String, action: String? = nil, session: String? = nil, form: DataForm? = nil
) -> Element {
    Element(
        "command", namespace: Namespaces.commands, attributes: ["node": node, "action": action, "sessionid": session],
        children: form.map { [$0.element] } ?? [])
}

/// A submitted form.
func submission(_ values: KeyValuePairs<String, String>) -> DataForm {
    DataForm(.submit, fields: values.map { DataForm.Field($0.key, values: [$0.value]) })
}

func query(_ namespace: String, node: String? = nil) -> Element {
    Element("query", namespace: namespace, attributes: ["node": node])
}

func set(
    _ payload: Element, from: JID?, to: JID?, id: String = "r", language: String? = nil
) -> IQ {
    IQ(from: from, to: to, id: id, language: language, body: .set(payload))
}

func get(
    _ payload: Element, from: JID?, to: JID?, id: String = "r", language: String? = nil
) -> IQ {
    IQ(from: from, to: to, id: id, language: language, body: .get(payload))
}

/// A request as a host's server hands it over (XEP-0355 §4.3).
func envelope(
    _ request: IQ, by host: JID?, to: JID? = component, id: String = "e", version: DelegationVersion = .v2
) -> IQ {
    let forwarded = Element(
        "forwarded", namespace: Namespaces.forward, children: [request.element(namespace: Namespaces.client)])
    return set(Element("delegation", namespace: version.namespace, children: [forwarded]), from: host, to: to, id: id)
}

extension IQ {
    /// The client's answer inside the answer to an envelope, `nil` unless it is wrapped exactly as servers want it: one
    /// child at each step.
    func unwrapped(_ version: DelegationVersion = .v2) -> IQ? {
        guard case .result(let payload?) = body, payload.is("delegation", version.namespace),
            payload.content.count == 1, let forwarded = payload.firstChild, forwarded.attributes.isEmpty,
            forwarded.is("forwarded", Namespaces.forward), forwarded.content.count == 1,
            let inner = forwarded.firstChild, inner.is("iq", Namespaces.client)
        else { return nil }
        return try? IQ(inner)
    }

    var payload: Element? { if case .result(let payload) = body { payload } else { nil } }
    var stanzaError: StanzaError? { if case .error(let error) = body { error } else { nil } }

    /// The form inside the `<command/>` of a result.
    var form: DataForm? {
        payload?.child("x", namespace: Namespaces.dataForms).flatMap { DataForm($0) }
    }

    /// The link of an invitation.
    var uri: String? { form?.value(of: "uri") }
    /// The token in the link.
    var token: String? {
        uri?.split(separator: ";").compactMap { $0.hasPrefix("preauth=") ? String($0.dropFirst(8)) : nil }.first
    }
}
