internal import Accounts
internal import Invites
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
        let wording = Wording.for(request.iq.language)
        let uri = invite.link(on: page.host, isRedeemableInBand: page.isRedeemableInBand)
        let expires = DateTime.format(millisecondsSinceEpoch: invite.expiresAt.millisecondsSinceEpoch)
        let form = DataForm(
            .result, title: CommandTable[node]?.name(in: wording),
            fields: [
                .formType(Namespaces.invitationForm),
                DataForm.Field("uri", kind: .textSingle, label: wording.invitationURI, values: [uri]),
                // There in any case, as from Prosody: yaxim fails where it is not, and makes a page's URL where it is empty.
                DataForm.Field(
                    "landing-url", kind: .textSingle, label: wording.landingPage,
                    values: invite.landingURL(
                        on: page.host, page.landingPage, isRedeemableInBand: page.isRedeemableInBand
                    ).map { [$0] } ?? []),
                DataForm.Field("expire", kind: .textSingle, label: wording.expires, values: [expires]),
            ])
        let response = CommandResponse(
            node: node, sessionID: sessionID, status: .completed, form: form, language: wording.language)
        return request.envelope(request.iq.result(response.element))
    }

    func error(for refusal: InviteRefusal) -> StanzaError {
        let wording = Wording.for(request.iq.language)
        return switch refusal {
        case .denied(let denial): StanzaError(denial, wording)
        case .conflict(let conflict): StanzaError(conflict, wording)
        case .accountExists: StanzaError(.conflict, text: wording.accountExists)
        case .overloaded, .tooManyOpenFiles: StanzaError(.resourceConstraint, text: wording.busy)
        case .unavailable: StanzaError(.internalServerError, kind: .wait, text: wording.unavailable)
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
    /// What a client is told whom other invites are in the way of.
    fileprivate init(_ conflict: InviteConflict, _ wording: Wording) {
        switch conflict {
        case .usernameTaken: self.init(.conflict, text: wording.usernameTaken)
        case .tooManyOpen, .tooManyDaily, .tooManyStored:
            self.init(.resourceConstraint, text: wording.text(for: conflict))
        case .tokenTaken: self.init(.internalServerError, kind: .wait, text: wording.unavailable)
        }
    }

    /// What a client is told whom the rules forbid something. That a host is suspended is not about the asker, who may
    /// come back (RFC 6120 §8.3.3.19).
    init(_ denial: InviteDenial, _ wording: Wording) {
        switch denial {
        case .notAdmin, .notUserOfHost, .contactInvitesOff: self.init(.forbidden, text: wording.text(for: denial))
        case .noAccounts, .suspended: self.init(.serviceUnavailable, text: wording.text(for: denial))
        }
    }
}
