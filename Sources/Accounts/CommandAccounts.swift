package import Invites
package import XMPP

/// Uses the host's server by the commands of XEP-0133 and by what it grants by XEP-0356.
///
/// Accounts that are made so bypass the server's own rules: limits, password policies, what it does for new users.
package struct CommandAccounts: Accounts {
    private let server: HostServer
    private let grants: HostGrants
    /// Whether the server may be about to grant more.
    private let isIntroducing: Bool
    private let send: @Sendable (Message) -> Bool
    /// Draws the name of an account that does not exist.
    private let absentUsername: @Sendable () -> String

    /// - Parameters:
    ///   - isIntroducing: Whether the server may be about to grant more.
    ///   - send: Sends a message; returns whether there is a connection.
    ///   - absentUsername: Draws the name of an account that does not exist.
    package init(
        _ server: HostServer, grants: HostGrants, isIntroducing: Bool, absentUsername: @escaping @Sendable () -> String,
        send: @escaping @Sendable (Message) -> Bool
    ) {
        self.server = server
        self.grants = grants
        self.isIntroducing = isIntroducing
        self.absentUsername = absentUsername
        self.send = send
    }

    package var abilities: AccountAbilities {
        AccountAbilities(
            provider: .commands, makesAccounts: true, knowsAccounts: true, setsContacts: grants.rosterAccess == "both",
            sendsNotices: true)
    }

    private func address(of username: String) -> JID? {
        try? JID(localpart: username, domain: server.host.domain, resource: String?.none)
    }

    // MARK: Accounts

    /// How to query a server whether an account exists, which is determined with the name of one that does not.
    private enum Telling {
        /// Prosody: there are no statistics of an account that does not exist.
        case byStatistics
        /// ejabberd has statistics of every name. With `mod_last` each account has had a time since it was made; an
        /// account that does not exist has none, which is reported by this text.
        case byLastLogin(never: String?)
        /// And why not.
        case cannot(String)
    }

    private func telling() async -> Telling {
        guard let absent = address(of: absentUsername()) else { return .cannot(Self.cannotTell) }
        switch await run(.statistics(of: absent)) {
        case .failed(let error) where error.saysNoAccount: return .byStatistics
        case .unreachable(let why), .unanswered(let why): return .cannot(why)
        case .failed, .completed, .unavailable: break
        }
        switch await run(.lastLogin(of: absent)) {
        case .completed(let never?): return .byLastLogin(never: never.value(of: "lastlogin"))
        case .unreachable(let why), .unanswered(let why): return .cannot(why)
        case .failed, .completed, .unavailable: return .cannot(Self.cannotTell)
        }
    }

    package func existence(of username: String) async -> AccountExistence {
        guard let user = address(of: username) else { return .unknown("no such account can be") }
        switch await telling() {
        case .byStatistics: return await existenceByStatistics(of: user)
        case .byLastLogin(let never): return await existenceByLastLogin(of: user, never: never)
        case .cannot(let why): return .unknown(why)
        }
    }

    private func existenceByStatistics(of user: JID) async -> AccountExistence {
        switch await run(.statistics(of: user)) {
        case .completed: .present(created: nil)
        case .failed(let error): error.saysNoAccount ? .absent : .unknown(error.words)
        case .unavailable(let why), .unreachable(let why), .unanswered(let why): .unknown(why)
        }
    }

    private func existenceByLastLogin(of user: JID, never: String?) async -> AccountExistence {
        switch await run(.lastLogin(of: user)) {
        case .completed(let last?):
            if last.value(of: "lastlogin") != never { return .present(created: nil) }
            return await keepsLastActivity() ? .absent : .unknown(Self.needsLast)
        case .completed(nil): return .unknown(Self.cannotTell)
        case .failed(let error): return .unknown(error.words)
        case .unavailable(let why), .unreachable(let why), .unanswered(let why): return .unknown(why)
        }
    }

    package static let cannotTell = "the server has no command that tells it"
    package static let needsLast =
        "the server cannot tell: on ejabberd, load `mod_last`, and make a user of the host one of `admins`"

    /// Whether the server has a time of accounts: one of the admin's shows it, also where it passes on no other question.
    private func keepsLastActivity() async -> Bool {
        if let admin = server.admin, case .completed(let last?) = await run(.lastLogin(of: admin)),
            // In any language the words for "never" and "online" have no digits, and times have.
            last.value(of: "lastlogin")?.contains(where: \.isNumber) == true
        {
            return true
        }
        let query = Element("query", namespace: Namespaces.discoInfo)
        guard case .success(let payload?) = await server.askDirectly(.get(query)), let info = DiscoInfo(payload) else {
            return false
        }
        return info.features.contains(Namespaces.lastActivity)
    }

    package func create(_ account: NewAccount) async -> AccountOutcome {
        if let refusal = PasswordRule.refusal(of: account.password) { return .refused(refusal) }
        guard let user = address(of: account.username) else { return .refused(nil) }
        switch await run(.addUser(user, password: account.password)) {
        case .completed: return .done
        // So ejabberd answers what it cannot take: the hook for the command has failed.
        case .failed(let error) where error.condition == .itemNotFound: return .refused(nil)
        case .failed(let error): return error.outcome
        case .unavailable(let why), .unreachable(let why): return .unreachable(why)
        case .unanswered(let why): return .unknown(why)
        }
    }

    /// Also ends the account's sessions, where the server lets it.
    package func setPassword(_ password: String, of username: String) async -> PasswordOutcome {
        if let refusal = PasswordRule.refusal(of: password) { return .failed(.refused(refusal)) }
        guard let user = address(of: username) else { return .failed(.absent) }
        // ejabberd then says that it is done, and leaves the old one.
        if PasswordRule.isNewerThanStringprep(password), case .byLastLogin = await telling() {
            return .failed(.refused("the password has a character that the server does not take"))
        }
        switch await run(.changePassword(of: user, to: password)) {
        case .completed:
            if case .completed = await run(.endSessions(of: user)) { return .done(endedSessions: true) }
            return .done(endedSessions: false)
        case .failed(let error):
            // Prosody says so also of an account whose password it could not store.
            if error.outcome == .absent, case .present = await existence(of: username) {
                return .failed(.unknown(error.words))
            }
            return .failed(error.outcome)
        case .unavailable(let why), .unreachable(let why): return .failed(.unreachable(why))
        case .unanswered(let why): return .failed(.unknown(why))
        }
    }

    private static let notYet = AccountOutcome.unreachable(HostServers.hasNotSaidYet)

    // MARK: Contacts and notices

    /// In both rosters, of two users of the host: the rosters of other servers are out of reach.
    package func addContact(_ contact: Account, to username: String) async -> AccountOutcome {
        guard contact.domain == server.host.domain, let user = address(of: username),
            let contact = address(of: contact.localpart)
        else { return .unsupported }
        guard grants.rosterAccess == "both" else { return isIntroducing ? Self.notYet : .unsupported }
        switch await telling() {
        // ejabberd does not set subscriptions, if it accepts the request at all: its users decide them.
        case .byLastLogin: return .unsupported
        case .byStatistics:
            // Servers make rosters also for names without an account.
            if await existenceByStatistics(of: user) == .absent { return .absent }
            if await existenceByStatistics(of: contact) == .absent { return .refused("there is no such contact") }
        case .cannot: break
        }
        let first = await befriend(user, contact)
        return first == .done ? await befriend(contact, user) : first
    }

    package func makesContacts(with contact: Account) async -> Bool {
        guard contact.domain == server.host.domain, grants.rosterAccess == "both" else { return false }
        if case .byLastLogin = await telling() { return false }
        return true
    }

    private func befriend(_ user: JID, _ contact: JID) async -> AccountOutcome {
        switch await item(of: contact, in: user) {
        case .failure(let error): return error.outcome
        case .success(let found):
            if found?.subscription == "both" { return .done }
            var item = found ?? RosterItem(jid: contact)
            item.subscription = "both"
            switch await server.ask(.set(item.query), of: user) {
            case .failure(let error): return error.outcome
            case .success: break
            }
            // A server may take it and leave the subscription alone.
            guard case .success(let now) = await self.item(of: contact, in: user) else {
                return .unknown("the roster could not be read again")
            }
            return now?.subscription == "both" ? .done : .unsupported
        }
    }

    private func item(of contact: JID, in user: JID) async -> Result<RosterItem?, RequestError> {
        await server.ask(.get(Element("query", namespace: Namespaces.roster)), of: user).map { payload in
            RosterItem.items(in: payload)?.first { $0.jid == contact }
        }
    }

    /// From the host where that grants it, and otherwise from the component's own address.
    package func notify(_ username: String, _ text: String, language: String) async -> AccountOutcome {
        guard let user = address(of: username) else { return .absent }
        var body = Element("body", namespace: Namespaces.client, text: text)
        body.language = language
        let message = Message(from: server.host, to: user, type: "normal", children: [body])
        let envelope = grants.privilege?.envelope(of: message, to: server.host)
        if envelope == nil, isIntroducing { return Self.notYet }
        // A message has no reply.
        return send(envelope ?? message) ? .done : .unreachable("there is no connection")
    }

    // MARK: Commands

    private enum Answer {
        /// Done, with the form of the result, if it has one.
        case completed(DataForm?)
        /// Nothing was done.
        case failed(CommandFailure)
        /// The command is not there for us.
        case unavailable(String)
        /// The server does not answer, and nothing was done.
        case unreachable(String)
        /// It may have been done or not.
        case unanswered(String)
    }

    private func run(_ command: AdminCommand) async -> Answer {
        let opened: CommandResponse
        switch await server.ask(.set(CommandRequest(node: command.node).element)) {
        case .success(let payload):
            guard let response = payload.flatMap({ CommandResponse($0) }) else {
                return .unavailable("the server answered without a command")
            }
            if let note = response.notes.first(where: { $0.kind == .error }) { return .unavailable(note.text) }
            guard response.status == .executing, response.form != nil, !response.sessionID.isEmpty else {
                return .unavailable("the server answered without a form")
            }
            opened = response
        case .failure(.refused(let error)): return .unavailable("\(error)")
        case .failure(let error): return .unreachable(error.words)
        }
        let filled = CommandRequest(
            node: command.node, action: .complete, sessionID: opened.sessionID, form: command.form)
        switch await server.ask(.set(filled.element)) {
        case .success(let payload):
            let response = payload.flatMap { CommandResponse($0) }
            if let note = response?.notes.first(where: { $0.kind == .error }) {
                return .failed(CommandFailure(condition: nil, text: note.text))
            }
            guard let response, response.status == .completed else {
                return .unanswered("the server did not complete the command")
            }
            return .completed(response.form)
        case .failure(.refused(let error)): return .failed(CommandFailure(condition: error.condition, text: error.text))
        case .failure(let error): return .unanswered(error.words)
        }
    }
}

/// Why a command was not done. Prosody says so in a note of a result, without a condition.
private struct CommandFailure {
    let condition: StanzaError.Condition?
    let text: String?

    var words: String { text ?? condition?.rawValue ?? "the server does not say why" }

    /// Whether a note says so. A condition may mean that something has failed, as on ejabberd.
    var saysNoAccount: Bool { condition == nil && text?.lowercased().contains("not exist") == true }

    var outcome: AccountOutcome {
        if saysNoAccount { return .absent }
        switch condition {
        case .itemNotFound?: return .absent
        case nil: return text?.lowercased().contains("already exist") == true ? .taken : .refused(text)
        case .conflict?: return .taken
        case .resourceConstraint?: return .busy(text)
        case .forbidden?, .notAuthorized?, .serviceUnavailable?: return .unreachable(words)
        case .internalServerError?, .undefinedCondition?: return .unknown(words)
        default: return .refused(text)
        }
    }
}

extension RequestError {
    fileprivate var outcome: AccountOutcome {
        switch self {
        case .refused(let error): AccountOutcome(refusal: error)
        case .timeout, .disconnected: .unknown(words)
        }
    }
}
