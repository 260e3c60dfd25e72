internal import Invites
internal import Runtime
internal import Supervision
internal import XMPP

/// The two commands of XEP-0401 at one address: what they ask, and what they want done. It does nothing itself.
struct InviteCommands: Sendable {
    /// How far a session of `#create-account` has come.
    enum Stage: Hashable, Sendable {
        /// Asked on which host.
        case choosingHost
        /// Asked for the account, on this host.
        case describingAccount(host: String)
    }

    /// What is left to do for a request.
    enum Decision: Sendable {
        /// Send this answer to the client.
        case answer(IQ)
        /// Send this error to the client.
        case refuse(StanzaError)
        /// Have the host make the invite, then send what ``Completion/answer(_:host:)`` says.
        case invite(InviteRequest, host: String, Completion)
    }

    /// Turns the invite, or why there is none, into the answer.
    struct Completion: Sendable {
        let request: InboundRequest
        let node: String
        let sessionID: String
    }

    /// The nodes that exist, in the order in which they are listed.
    static let nodes = [Namespaces.inviteCommand, Namespaces.createAccountCommand]
    private static let createAccountForm = Namespaces.createAccountCommand

    private(set) var sessions = CommandSessions<Stage>()

    /// Decides about a `<command/>` (XEP-0050).
    ///
    /// - Parameter uptime: Milliseconds of a clock that does not go back, for the sessions.
    mutating func decide(
        _ request: InboundRequest, permissions: Permissions, uptime: Int64, entropy: inout Entropy
    ) -> Decision {
        do throws(StanzaError) {
            guard case .set(let payload) = request.iq.body else {
                throw StanzaError(.badRequest, text: "a command is executed by an IQ of type set")
            }
            let command = try CommandRequest(payload)
            guard Self.nodes.contains(command.node) else { throw StanzaError(.itemNotFound) }
            guard permissions.allows(command.node) else {
                let isContact = command.node == Namespaces.inviteCommand
                let denial = isContact ? permissions.contactDenial : permissions.accountDenial
                throw StanzaError(denial, Wording.for(request.iq.language))
            }
            if command.node == Namespaces.inviteCommand {
                return try invite(command, request, permissions, &entropy)
            }
            return try createAccount(command, request, permissions, uptime, &entropy)
        } catch {
            return .refuse(error)
        }
    }

    // MARK: urn:xmpp:invite#invite

    private func invite(
        _ command: CommandRequest, _ request: InboundRequest, _ permissions: Permissions, _ entropy: inout Entropy
    ) throws(StanzaError) -> Decision {
        // It answers at once: there never is a session to go on with.
        guard command.sessionID == nil else { throw CommandError.badSessionID.stanzaError }
        guard command.action == .execute || command.action == .complete else {
            throw CommandError.badAction.stanzaError
        }
        guard let inviter = Account(request.from), let host = permissions.contactHost else {
            throw StanzaError(.forbidden)
        }
        let completion = Completion(
            request: request, node: command.node, sessionID: CommandSessions<Stage>.identifier(using: &entropy))
        return .invite(.contact(inviter: inviter), host: host, completion)
    }

    // MARK: urn:xmpp:invite#create-account

    private mutating func createAccount(
        _ command: CommandRequest, _ request: InboundRequest, _ permissions: Permissions, _ uptime: Int64,
        _ entropy: inout Entropy
    ) throws(StanzaError) -> Decision {
        guard let identifier = command.sessionID else {
            return try act(nil, command, request, permissions, uptime, &entropy)
        }
        let stage: Stage
        do {
            stage = try sessions.take(
                identifier, owner: request.from, node: command.node, now: uptime)
        } catch {
            throw error.stanzaError
        }
        do throws(StanzaError) {
            return try act(stage, command, request, permissions, uptime, &entropy)
        } catch {
            if error.kind == .modify {
                // Another try in the same session can mend it (RFC 6120 §8.3.2).
                _ = sessions.open(
                    owner: request.from, node: command.node, state: stage, now: uptime,
                    using: &entropy, identifier: identifier)
            }
            throw error
        }
    }

    private mutating func act(
        _ stage: Stage?, _ command: CommandRequest, _ request: InboundRequest, _ permissions: Permissions,
        _ uptime: Int64, _ entropy: inout Entropy
    ) throws(StanzaError) -> Decision {
        switch (command.action, stage) {
        case (.cancel, .some):
            let response = CommandResponse(node: command.node, sessionID: command.sessionID ?? "", status: .canceled)
            return .answer(request.envelope(request.iq.result(response.element)))
        case (.execute, _), (.complete, _), (.next, .choosingHost?):
            return try advance(stage, command, request, permissions, uptime, &entropy)
        case (.next, _), (.prev, _), (.cancel, nil):
            throw CommandError.badAction.stanzaError
        }
    }

    private mutating func advance(
        _ stage: Stage?, _ command: CommandRequest, _ request: InboundRequest, _ permissions: Permissions,
        _ uptime: Int64, _ entropy: inout Entropy
    ) throws(StanzaError) -> Decision {
        let wording = Wording.for(request.iq.language)
        let submitted = command.form.flatMap { $0.kind == .submit ? $0 : nil }
        if command.form != nil, submitted == nil { throw CommandError.badPayload.stanzaError }

        let host: String
        switch stage {
        case .describingAccount(let chosen)?:
            // An admin can lose a host while thinking about the form.
            guard permissions.accountHosts.contains(chosen) else {
                throw StanzaError(permissions.suspendedHosts.contains(chosen) ? .suspended : .notAdmin, wording)
            }
            host = chosen
        case .choosingHost?, nil:
            switch chosenHost(submitted, permissions) {
            case .one(let only): host = only
            case .suspended: throw StanzaError(.suspended, wording)
            case .invalid: throw CommandError.badPayload.stanzaError(text: wording.hostInvalid)
            case .open:
                return ask(
                    Self.hostForm(permissions.accountHosts, wording), .choosingHost, .next, command, request, uptime,
                    &entropy)
            }
        }

        let describesAccount = stage != .choosingHost || submitted?["username"] != nil
        guard let submitted, describesAccount else {
            if stage != nil, submitted == nil { throw CommandError.badPayload.stanzaError }
            return ask(
                Self.accountForm(wording), .describingAccount(host: host), .complete, command, request, uptime, &entropy
            )
        }
        guard let admin = Account(request.from) else { throw StanzaError(.forbidden) }
        let account = InviteRequest.account(
            by: admin, username: try Self.username(in: submitted, wording),
            rosterSubscription: try Self.rosterSubscription(in: submitted, wording))
        let identifier = command.sessionID ?? CommandSessions<Stage>.identifier(using: &entropy)
        return .invite(account, host: host, Completion(request: request, node: command.node, sessionID: identifier))
    }

    private enum Choice {
        case one(String)
        case open
        /// A host of the asker's that is suspended.
        case suspended
        case invalid
    }

    private func chosenHost(_ form: DataForm?, _ permissions: Permissions) -> Choice {
        if let named = form?.value(of: "host") {
            guard let host = try? JID(named), host.isDomain else { return .invalid }
            if permissions.accountHosts.contains(host.domain) { return .one(host.domain) }
            return permissions.suspendedHosts.contains(host.domain) ? .suspended : .invalid
        }
        if permissions.accountHosts.count == 1 { return .one(permissions.accountHosts[0]) }
        return form == nil ? .open : .invalid
    }

    private mutating func ask(
        _ form: DataForm, _ stage: Stage, _ actions: CommandResponse.Actions, _ command: CommandRequest,
        _ request: InboundRequest, _ uptime: Int64, _ entropy: inout Entropy
    ) -> Decision {
        let identifier = sessions.open(
            owner: request.from, node: command.node, state: stage, now: uptime, using: &entropy,
            identifier: command.sessionID)
        let response = CommandResponse(
            node: command.node, sessionID: identifier, status: .executing, actions: actions, form: form,
            language: Wording.for(request.iq.language).language)
        return .answer(request.envelope(request.iq.result(response.element)))
    }

    // MARK: Forms

    /// Servers bound the size of a stanza, often to 256 KiB: beyond this many choices the host is typed in.
    private static let mostChoices = 1000

    private static func hostForm(_ hosts: [String], _ wording: Wording) -> DataForm {
        let field =
            hosts.count <= mostChoices
            ? DataForm.Field(
                "host", kind: .listSingle, label: wording.host, isRequired: true,
                options: hosts.map { .init(label: $0, value: $0) })
            : DataForm.Field("host", kind: .textSingle, label: wording.host, isRequired: true)
        return DataForm(
            .form, title: wording.createAccountCommand, instructions: [wording.chooseHost],
            fields: [.formType(createAccountForm), field])
    }

    private static func accountForm(_ wording: Wording) -> DataForm {
        DataForm(
            .form, title: wording.createAccountCommand, instructions: [wording.createAccountInstructions],
            fields: [
                .formType(createAccountForm),
                DataForm.Field("username", kind: .textSingle, label: wording.username),
                DataForm.Field("roster-subscription", kind: .boolean, label: wording.rosterSubscription, values: ["0"]),
            ])
    }

    private static func username(in form: DataForm, _ wording: Wording) throws(StanzaError) -> String? {
        guard let text = form.value(of: "username"), !text.isEmpty else { return nil }
        do {
            return try JID.prepareLocalpart(text)
        } catch {
            throw CommandError.badPayload.stanzaError(text: wording.usernameInvalid)
        }
    }

    private static func rosterSubscription(in form: DataForm, _ wording: Wording) throws(StanzaError) -> Bool {
        guard let field = form["roster-subscription"], let value = field.values.first, !value.isEmpty else {
            return false
        }
        guard let boolean = field.boolean else {
            throw CommandError.badPayload.stanzaError(text: wording.subscriptionInvalid)
        }
        return boolean
    }
}

extension InviteCommands.Completion {
    /// The stanza that answers the request.
    func answer(_ result: Result<Invite, InviteRefusal>, host: String) -> IQ {
        switch result {
        case .success(let invite): completed(invite, host: host)
        case .failure(let refusal): request.refuse(error(for: refusal))
        }
    }

    private func completed(_ invite: Invite, host: String) -> IQ {
        let wording = Wording.for(request.iq.language)
        let uri = invite.link(on: host)
        let expires = DateTime.format(millisecondsSinceEpoch: invite.expiresAt.millisecondsSinceEpoch)
        let form = DataForm(
            .result, title: wording.name(ofCommand: node),
            fields: [
                .formType(Namespaces.invitationForm),
                DataForm.Field("uri", kind: .textSingle, label: wording.invitationURI, values: [uri]),
                DataForm.Field("expire", kind: .textSingle, label: wording.expires, values: [expires]),
            ])
        let response = CommandResponse(
            node: node, sessionID: sessionID, status: .completed, form: form, language: wording.language)
        return request.envelope(request.iq.result(response.element))
    }

    private func error(for refusal: InviteRefusal) -> StanzaError {
        let wording = Wording.for(request.iq.language)
        return switch refusal {
        case .denied(let denial): StanzaError(denial, wording)
        case .usernameTaken: StanzaError(.conflict, text: wording.usernameTaken)
        case .overloaded, .tooManyOpenFiles: StanzaError(.resourceConstraint, text: wording.busy)
        case .unavailable: StanzaError(.internalServerError, kind: .wait, text: wording.unavailable)
        }
    }
}

extension StanzaError {
    /// What a client is told whom the rules forbid something. That a host is suspended is not about the asker, who may
    /// come back (RFC 6120 §8.3.3.19).
    fileprivate init(_ denial: InviteDenial, _ wording: Wording) {
        switch denial {
        case .notAdmin, .notUserOfHost, .contactInvitesOff: self.init(.forbidden, text: wording.text(for: denial))
        case .suspended: self.init(.serviceUnavailable, text: wording.text(for: denial))
        }
    }
}
