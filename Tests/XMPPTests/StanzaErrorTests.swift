import Testing

@testable import XMPP

@Suite struct StanzaErrorTests {
    @Test func everyErrorIsReadAsItWasWritten() throws {
        for condition in StanzaError.Condition.allCases {
            for kind in StanzaError.Kind.allCases {
                for text in [nil, "why & how"] {
                    for application in [nil, Element("odd", namespace: "urn:odd")] {
                        let error = StanzaError(condition, kind: kind, text: text, applicationCondition: application)
                        let xml = error.element(namespace: Namespaces.component).xml()
                        #expect(try StanzaError(element(xml)) == error)
                    }
                }
            }
        }
    }

    /// RFC 6120 §8.3.3.
    @Test(
        arguments: [
            (.modify, ["bad-request", "jid-malformed", "not-acceptable", "policy-violation", "redirect"]),
            (.auth, ["forbidden", "not-authorized", "registration-required", "subscription-required"]),
            (.wait, ["recipient-unavailable", "remote-server-timeout", "resource-constraint", "unexpected-request"]),
            (
                .cancel,
                [
                    "conflict", "feature-not-implemented", "gone", "internal-server-error", "item-not-found",
                    "not-allowed",
                    "remote-server-not-found", "service-unavailable", "undefined-condition",
                ]
            ),
        ] as [(StanzaError.Kind, [String])])
    func usualKinds(kind: StanzaError.Kind, conditions: [String]) throws {
        for name in conditions { #expect(try #require(StanzaError.Condition(rawValue: name)).usualKind == kind) }
        #expect(StanzaError.Condition.allCases.filter { $0.usualKind == kind }.count == conditions.count)
    }

    @Test(arguments: [
        ("<error/>", StanzaError(.undefinedCondition)),
        ("<error type='odd'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", StanzaError(.gone)),
        ("<error><made-up xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", StanzaError(.undefinedCondition)),
        (
            "<error code='404' type='cancel'><x xmlns='urn:x'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>t</text>"
                + "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
            StanzaError(.itemNotFound, text: "t", applicationCondition: Element("x", namespace: "urn:x"))
        ),
    ])
    func reads(xml: String, error: StanzaError) throws {
        #expect(try StanzaError(element(xml)) == error)
    }

    @Test func describesItself() {
        #expect(StanzaError(.forbidden).description == "forbidden")
        #expect(StanzaError(.forbidden, text: "no").description == "forbidden: no")
    }
}
