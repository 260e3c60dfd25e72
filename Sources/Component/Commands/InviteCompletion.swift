internal import Accounts
internal import Invites
internal import Languages
internal import Supervision
internal import XMPP

/// Turns the invite of a command, or why there is none, into the answer.
struct InviteCompletion: Sendable {
    let request: InboundRequest
    let node: String
    let sessionID: String

    /// The stanza that answers the request.
    func answer(_ result: Result<Invite, InviteRefusal>, on page: LinkPage) -> IQ {
        switch result {
        case .success(let invite): completed(invite, page)
        case .failure(let refusal): request.refuse(error(for: refusal))
        }
    }

    private func completed(_ invite: Invite, _ page: LinkPage) -> IQ {
        let texts = request.texts
        let uri = invite.link(on: page.host, isRedeemableInBand: page.isRedeemableInBand)
        let expires = DateTime.format(millisecondsSinceEpoch: invite.expiresAt.millisecondsSinceEpoch)
        let form = DataForm(
            .result, title: (CommandTable[node]?.name).map { texts[$0] },
            fields: [
                .formType(Namespaces.invitationForm),
                DataForm.Field("uri", kind: .textSingle, label: texts[.commandInvitationLink], values: [uri]),
                // There in any case, as from Prosody: yaxim fails where it is not, and makes a page's URL where it is empty.
                DataForm.Field(
                    "landing-url", kind: .textSingle, label: texts[.commandLandingPage],
                    values: invite.landingURL(
                        on: page.host, page.landingPage, isRedeemableInBand: page.isRedeemableInBand
                    ).map { [$0] } ?? []),
                DataForm.Field("expire", kind: .textSingle, label: texts[.commandExpires], values: [expires]),
            ])
        let response = CommandResponse(
            node: node, sessionID: sessionID, status: .completed, form: form, language: texts.language)
        return request.envelope(request.iq.result(response.element))
    }

    func error(for refusal: InviteRefusal) -> StanzaError {
        let texts = request.texts
        return switch refusal {
        case .denied(let denial): StanzaError(denial, texts)
        case .conflict(let conflict): StanzaError(conflict, texts)
        case .accountExists: StanzaError(.conflict, texts, .refusalAccountExists)
        case .overloaded, .tooManyOpenFiles: StanzaError(.resourceConstraint, texts, .refusalBusy)
        case .unavailable: StanzaError(.internalServerError, kind: .wait, texts, .refusalUnavailable)
        }
    }
}

/// What links of a host are made with.
struct LinkPage: Sendable {
    let host: String
    let landingPage: LandingPage?
    let isRedeemableInBand: Bool
}

extension LinkPage {
    init(_ host: Host, _ servers: HostServers) {
        self.init(
            host: host.name, landingPage: host.landingPage,
            isRedeemableInBand: servers.redeemsInBand(host.name))
    }
}

extension StanzaError {
    /// The error for a client whose request conflicts with other invites.
    fileprivate init(_ conflict: InviteConflict, _ texts: Texts) {
        let (text, language) = (texts.text(for: conflict), texts.language)
        switch conflict {
        case .usernameTaken: self.init(.conflict, text: text, language: language)
        case .tooManyOpen, .tooManyDaily, .tooManyStored:
            self.init(.resourceConstraint, text: text, language: language)
        case .tokenTaken: self.init(.internalServerError, kind: .wait, text: text, language: language)
        }
    }

    /// The error for a client whom the rules forbid something. That a host is suspended does not depend on the
    /// requester, who may retry (RFC 6120 §8.3.3.19).
    init(_ denial: InviteDenial, _ texts: Texts) {
        switch denial {
        case .notAdmin, .notUserOfHost, .contactInvitesOff: self.init(.forbidden, texts, denial.text)
        case .noAccounts, .suspended: self.init(.serviceUnavailable, texts, denial.text)
        }
    }

    fileprivate init(_ condition: Condition, kind: Kind? = nil, _ texts: Texts, _ text: TextKey) {
        self.init(condition, kind: kind, text: texts[text], language: texts.language)
    }
}
