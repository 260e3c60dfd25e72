internal import Invites
internal import Languages
internal import Supervision
internal import XMPP

/// `urn:xmpp:invite#create-account` (XEP-0401 §4.2): an admin's link for an account, on one of the admin's hosts.
struct CreateAccountCommand: HostCommand {
    static let node = Namespaces.createAccountCommand

    static let name = TextKey.commandCreateAccount

    static func denial(of permissions: Permissions) -> InviteDenial? {
        permissions.accountHosts.isEmpty ? permissions.accountDenial : nil
    }

    /// The stage of a session.
    enum Stage: Hashable, Sendable {
        /// Asked on which host.
        case choosingHost
        /// Asked for the account, on this host.
        case describingAccount(host: String)
    }

    private(set) var sessions = CommandSessions<Stage>()

    mutating func perform(_ call: inout CommandCall) throws(StanzaError) -> CommandDecision {
        guard let identifier = call.command.sessionID else { return try act(nil, &call) }
        let stage: Stage
        do {
            stage = try sessions.take(identifier, owner: call.request.from, node: Self.node, now: call.uptime)
        } catch {
            throw error.stanzaError
        }
        do throws(StanzaError) {
            return try act(stage, &call)
        } catch {
            if error.kind == .modify {
                // Another try in the same session can correct it (RFC 6120 §8.3.2).
                _ = sessions.open(
                    owner: call.request.from, node: Self.node, state: stage, now: call.uptime, using: &call.entropy,
                    identifier: identifier)
            }
            throw error
        }
    }

    private mutating func act(_ stage: Stage?, _ call: inout CommandCall) throws(StanzaError) -> CommandDecision {
        switch (call.command.action, stage) {
        case (.cancel, .some):
            return call.answer(
                CommandResponse(node: Self.node, sessionID: call.command.sessionID ?? "", status: .canceled))
        case (.execute, _), (.complete, _), (.next, .choosingHost?):
            return try advance(stage, &call)
        case (.next, _), (.prev, _), (.cancel, nil):
            throw CommandError.badAction.stanzaError
        }
    }

    private mutating func advance(_ stage: Stage?, _ call: inout CommandCall) throws(StanzaError) -> CommandDecision {
        let texts = call.texts
        let form = call.command.form
        let submitted = form.flatMap { $0.kind == .submit ? $0 : nil }
        if form != nil, submitted == nil { throw CommandError.badPayload.stanzaError }

        let host: String
        switch stage {
        case .describingAccount(let chosen)?:
            // An admin can lose a host while thinking about the form.
            guard call.permissions.accountHosts.contains(chosen) else {
                let isSuspended = call.permissions.suspendedHosts.contains(chosen)
                throw StanzaError(isSuspended ? .suspended : .notAdmin, texts)
            }
            host = chosen
        case .choosingHost?, nil:
            switch chosenHost(submitted, call.permissions) {
            case .one(let only): host = only
            case .suspended: throw StanzaError(.suspended, texts)
            case .invalid:
                throw CommandError.badPayload.stanzaError(text: texts[.refusalHostInvalid], language: texts.language)
            case .open:
                return ask(
                    Self.hostForm(call.permissions.accountHosts, texts), stage: .choosingHost, actions: .next, &call)
            }
        }

        let describesAccount = stage != .choosingHost || submitted?["username"] != nil
        guard let submitted, describesAccount else {
            if stage != nil, submitted == nil { throw CommandError.badPayload.stanzaError }
            return ask(
                Self.accountForm(texts), stage: .describingAccount(host: host), actions: .complete, &call)
        }
        guard let admin = Account(call.request.from) else { throw StanzaError(.forbidden) }
        let account = InviteRequest.account(
            by: admin, username: try Self.username(in: submitted, texts),
            rosterSubscription: try Self.rosterSubscription(in: submitted, texts), language: call.request.language)
        let identifier = call.command.sessionID ?? CommandSessions<Stage>.identifier(using: &call.entropy)
        return .invite(
            account, host: host, InviteCompletion(request: call.request, node: Self.node, sessionID: identifier))
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

    /// Asks with a form, in the session that there is or a new one.
    private mutating func ask(
        _ form: DataForm, stage: Stage, actions: CommandResponse.Actions, _ call: inout CommandCall
    ) -> CommandDecision {
        let identifier = sessions.open(
            owner: call.request.from, node: Self.node, state: stage, now: call.uptime, using: &call.entropy,
            identifier: call.command.sessionID)
        return call.answer(
            CommandResponse(
                node: Self.node, sessionID: identifier, status: .executing, actions: actions, form: form,
                language: call.texts.language))
    }

    // MARK: Forms

    /// Servers bound the size of a stanza, often to 256 KiB: beyond this many choices the host is typed in.
    private static let mostChoices = 1000

    private static func hostForm(_ hosts: [String], _ texts: Texts) -> DataForm {
        let field =
            hosts.count <= mostChoices
            ? DataForm.Field(
                "host", kind: .listSingle, label: texts[.commandHost], isRequired: true,
                options: hosts.map { .init(label: $0, value: $0) })
            : DataForm.Field("host", kind: .textSingle, label: texts[.commandHost], isRequired: true)
        return DataForm(
            .form, title: texts[.commandCreateAccount], instructions: [texts[.commandChooseHost]],
            fields: [.formType(node), field])
    }

    private static func accountForm(_ texts: Texts) -> DataForm {
        DataForm(
            .form, title: texts[.commandCreateAccount], instructions: [texts[.commandCreateAccountInstructions]],
            fields: [
                .formType(node),
                DataForm.Field("username", kind: .textSingle, label: texts[.commandUsername]),
                DataForm.Field(
                    "roster-subscription", kind: .boolean, label: texts[.commandRosterSubscription], values: ["0"]),
            ])
    }

    private static func username(in form: DataForm, _ texts: Texts) throws(StanzaError) -> String? {
        guard let text = form.value(of: "username"), !text.isEmpty else { return nil }
        do {
            return try JID.prepareLocalpart(text)
        } catch {
            throw CommandError.badPayload.stanzaError(text: texts[.refusalUsernameInvalid], language: texts.language)
        }
    }

    private static func rosterSubscription(in form: DataForm, _ texts: Texts) throws(StanzaError) -> Bool {
        guard let field = form["roster-subscription"], let value = field.values.first, !value.isEmpty else {
            return false
        }
        guard let boolean = field.boolean else {
            throw CommandError.badPayload.stanzaError(
                text: texts[.refusalSubscriptionInvalid], language: texts.language)
        }
        return boolean
    }
}
