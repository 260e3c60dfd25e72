internal import Languages
internal import Supervision
internal import XMPP

/// A client's request with the route by which it was received, and by which its answer has to be sent.
///
/// It is passed through several functions, each of which would copy a dozen references of a value.
final class InboundRequest: Sendable {
    enum Way: Sendable {
        /// The host's server forwarded it (XEP-0355); the envelope is answered, with the answer inside.
        case delegated(DelegatedRequest)
        /// To an address of ours: the host's own service address, or the one that all hosts share.
        case direct
    }

    let way: Way
    /// What the client asked.
    let iq: IQ
    /// The sender: a client by its full JID, or a server.
    let from: JID
    /// The address that the client sent it to; `nil` is the client's own account.
    let to: JID?
    /// What the asker reads: in the language of the request, or the host's.
    let texts: Texts

    /// A request to one of our own addresses; `nil` when it has no sender.
    init?(direct iq: IQ) {
        guard let from = iq.from else { return nil }
        way = .direct
        self.iq = iq
        self.from = from
        to = iq.to
        texts = Self.texts(for: iq)
    }

    /// A request that a server forwarded; `nil` when it has no sender.
    init?(_ delegated: DelegatedRequest) {
        guard let from = delegated.request.from else { return nil }
        way = .delegated(delegated)
        iq = delegated.request
        self.from = from
        to = delegated.request.to
        texts = Self.texts(for: iq)
    }

    private init(_ request: InboundRequest, texts: Texts) {
        (way, iq, from, to) = (request.way, request.iq, request.from, request.to)
        self.texts = texts
    }

    private static func texts(for iq: IQ) -> Texts {
        let catalog = LanguageCatalog.builtIn
        return catalog.texts(for: iq.language) ?? catalog.english
    }

    /// The same with a host's own language, unless it says another one (RFC 6120 §8.1.5).
    func inLanguage(of host: Host) -> InboundRequest {
        guard host.texts !== texts, LanguageCatalog.builtIn.texts(for: iq.language) == nil else { return self }
        return InboundRequest(self, texts: host.texts)
    }

    /// The language of the request as BCP 47 writes it; `nil` where it says none.
    var language: String? {
        // Mostly it is written as we write it.
        iq.language.flatMap { $0 == texts.language ? $0 : LanguageTag($0)?.description }
    }

    /// The stanza to send for an answer to the client.
    func envelope(_ answer: IQ) -> IQ {
        switch way {
        case .delegated(let delegated): delegated.wrap(answer)
        case .direct: answer
        }
    }

    /// The stanza to send for an error.
    func refuse(_ error: StanzaError) -> IQ {
        envelope(iq.error(error))
    }
}
