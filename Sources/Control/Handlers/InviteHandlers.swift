internal import Configuration
internal import Invites
internal import Languages
internal import Shell
internal import Storage
package import Supervision
internal import Text
internal import XMPP

/// The commands `invite …` for one or few invites. Those that search many are in its extension.
package struct InviteHandlers: Sendable {
    let registry: HostRegistry
    private let redeemsInBand: @Sendable (String) -> Bool

    /// - Parameter redeemsInBand: Whether clients redeem tokens on streams of a host.
    package init(_ registry: HostRegistry, redeemsInBand: @escaping @Sendable (String) -> Bool = { _ in false }) {
        self.registry = registry
        self.redeemsInBand = redeemsInBand
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["invite create account"] = createAccount
        handlers["invite create contact"] = createContact
        handlers["invite create reset"] = createReset
        handlers["invite list"] = list
        handlers["invite show"] = show
        handlers["invite delete"] = delete
        handlers["invite extend"] = extend
        handlers["invite purge"] = purge
        handlers["invite revoke"] = revoke
        handlers["invite release"] = release
    }

    // MARK: Making

    private func createAccount(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        var username: String?
        if let text = call.invocation.text("username") {
            do {
                username = try JID.prepareLocalpart(text)
            } catch {
                throw CommandFailure(
                    .badArgument, "\(text.quoted) is not a username: \(error)",
                    hint: "the part before the @, such as juliet")
            }
        }
        let uses = call.invocation.count("uses") ?? 1
        guard username == nil || uses == 1 else {
            throw CommandFailure(
                .badArgument, "a username is for one account: --username goes with no --uses",
                hint: "usage: \(call.invocation.spec.usage)")
        }
        let contact = try call.invocation.account("contact")
        return try await create(.account(username: username, contact: contact), uses: uses, on: host, call)
    }

    private func createContact(_ call: Call) async throws -> Outcome {
        let user = try call.invocation.requiredAccount("user")
        return try await create(.contact(of: user), on: user.domain, call)
    }

    private func createReset(_ call: Call) async throws -> Outcome {
        let user = try call.invocation.requiredAccount("user")
        return try await create(.reset(of: user), on: user.domain, call)
    }

    private func create(
        _ grant: OperatorRequest.Grant, uses: Int = 1, on host: String, _ call: Call
    ) async throws -> Outcome {
        let request = OperatorRequest(
            grant, lifetime: call.invocation.duration("expires"), note: try call.invocation.note,
            language: try call.invocation.language, uses: uses)
        let made = try await translated(host) { () throws(InviteFailure) in
            try await registry.invite(request, on: host)
        }
        let invite = made.invite
        let outcome = Outcome(
            hint: made.limit.map { Self.warning($0, host) }, hosts: [host],
            after: InviteRows.journal([invite], count: 1))
        call.record(outcome)
        let rows = linkRows(host)
        try await call.output.row(rows.row(invite, link: true, qrCode: call.invocation.has("qr")))
        return outcome
    }

    private static func warning(_ reached: OperatorInvite.Limit, _ host: String) -> String {
        """
        \(host) has \(reached.stored) invites; from \(reached.limit) on (`max_invites`) it makes none for users. \
        `invite purge \(host) --state expired` removes what is no longer good
        """
    }

    // MARK: Showing and changing

    private func show(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let invites = try await invites(call, of: host)
        let rows = linkRows(host)
        let (link, qrCode) = (call.invocation.has("reveal"), call.invocation.has("qr"))
        let outcome = Outcome(
            hosts: [host], after: link || qrCode ? InviteRows.journal(invites, count: invites.count) : nil)
        // Some of them may be read before it ends early.
        call.record(outcome)
        var answer = outcome
        for invite in invites {
            let (redemptions, tasks, isAll) = try await history(of: invite.number, host)
            if !isAll { answer.hint = "only 100 of its redemptions are shown" }
            guard case .object(var members) = rows.row(invite, link: link, qrCode: qrCode) else { continue }
            if let revocation = invite.invite.revocation {
                members["revoked"] = .time(revocation.at)
                members["revoked_by"] = .text(revocation.by)
                members["revoked_because"] = revocation.why.map(JSON.text)
            }
            if !redemptions.isEmpty { members["redemptions"] = .list(redemptions.map { RedemptionRows.row($0, host) }) }
            if !tasks.isEmpty { members["tasks"] = .list(tasks.map(RedemptionRows.row)) }
            try await call.output.row(.object(members))
        }
        return answer
    }

    /// Its redemptions, those that count first, and what is not done of what follows from them.
    private func history(
        of invite: Int64, _ host: String
    ) async throws(CommandFailure) -> ([Redemption], [RecordedTask], isAll: Bool) {
        let (most, shown) = (1_000, 100)
        return try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host) { repository throws(StoreError) in
                let all = try await repository.redemptions(of: invite, limit: most)
                let released = all.filter(\.isReleased)
                let redemptions = Array((all.filter { !$0.isReleased } + released).prefix(shown))
                var tasks: [RecordedTask] = []
                for redemption in redemptions where !redemption.isReleased {
                    tasks += try await repository.tasks(of: redemption.number).filter {
                        $0.doneAt == nil || $0.impossible != nil
                    }
                }
                return (redemptions, tasks, all.count <= shown)
            }
        }
    }

    private func delete(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let invites = try await invites(call, of: host)
        let rows = InviteRows(host: host, now: registry.now)
        for invite in invites { try await call.output.row(rows.row(invite)) }
        let working = invites.count { [.open, .reserved].contains($0.invite.state(at: registry.now)) }
        let question =
            invites.count == 1
            ? "Delete this invite of \(host)?" : "Delete these \(invites.count) invites of \(host)?"
        let consequence =
            switch (working, invites.count) {
            case (0, _): ""
            case (1, 1): " Its link stops working."
            case (1, _): " One of their links stops working."
            case (invites.count, _): " Their links stop working."
            default: " \(working) of their links stop working."
            }
        try await call.confirm(question + consequence)
        let count = try await translated(host) { () throws(InviteFailure) in
            let numbers = invites.map(\.number)
            return try await registry.withInvites(of: host, for: .removing) { repository throws(StoreError) in
                try await repository.remove(numbered: numbers)
            }
        }
        return Outcome(
            "deleted \(InviteRows.counted(count))", hosts: [host],
            before: InviteRows.journal(invites, count: invites.count))
    }

    private func extend(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        guard let number = call.invocation.counts("invite").first, let time = call.invocation.duration("time") else {
            throw CommandFailure(.internal, "`invite` and `time` are not arguments")
        }
        let now = registry.now
        let extended = try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host, for: .storing) { repository throws(StoreError) in
                try await repository.extend(Int64(number), until: now.advanced(by: time), at: now)
            }
        }
        let (invite, before): (StoredInvite, Timestamp)
        switch extended {
        case .extended(let new, let old): (invite, before) = (new, old)
        case .unknown: throw Self.unknownInvite(Int64(number), host)
        case .usernameTaken: throw CommandFailure(.refusal(.conflict(.usernameTaken)), host: host)
        case .over(let state):
            throw CommandFailure(
                .deniedInvite, "the invite is \(state.rawValue), and stays so", hint: "make another one")
        }
        let name = InviteRows.journal([invite], count: 1)
        let outcome = Outcome(
            hosts: [host], before: "\(name), until \(before.text)",
            after: "\(name), until \(invite.invite.expiresAt.text)")
        call.record(outcome)
        try await call.output.row(InviteRows(host: host, now: registry.now).row(invite))
        return outcome
    }

    func linkRows(_ host: String) -> InviteRows {
        InviteRows(
            host: host, now: registry.now, landingPage: registry[host]?.landingPage,
            isRedeemableInBand: redeemsInBand(host))
    }

    /// The invites that the call names, each once.
    func invites(_ call: Call, of host: String) async throws(CommandFailure) -> [StoredInvite] {
        let numbers = Set(call.invocation.counts("invite")).sorted().map(Int64.init)
        let found = try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host) { repository throws(StoreError) in
                try await repository.invites(numbered: numbers)
            }
        }
        let known = Set(found.map(\.number))
        if let missing = numbers.first(where: { !known.contains($0) }) { throw Self.unknownInvite(missing, host) }
        return found
    }

    static func unknownInvite(_ number: Int64, _ host: String) -> CommandFailure {
        CommandFailure(.unknownInvite, "\(host) has no invite \(number)", hint: "`invite list \(host)` shows them")
    }
}

// MARK: - Translating

extension InviteHandlers {
    /// What the daemon refuses, in the words of the shell.
    func translated<Value: Sendable>(
        _ host: String, _ body: () async throws(InviteFailure) -> Value
    ) async throws(CommandFailure) -> Value {
        do throws(InviteFailure) {
            return try await body()
        } catch {
            throw CommandFailure(error, host: host)
        }
    }
}

extension CommandFailure {
    init(_ trouble: InviteFailure, host: String) {
        self =
            switch trouble {
            case .unknownHost:
                CommandFailure(.unknownHost, "there is no host \(host.quoted)", hint: "`host list` shows them")
            case .refusedHost:
                CommandFailure(
                    .refusedHost, "the file of \(host) has mistakes, so it does not run",
                    hint: "`host why \(host)` tells them")
            case .unknownUser(let user):
                CommandFailure(.unknownUser, "\(host) has no account \(user)")
            case .refusal(.denied(.suspended)):
                CommandFailure(
                    .deniedInvite, InviteDenial.suspended.description, hint: "`host resume \(host)` ends that")
            case .refusal(.denied(let denial)):
                CommandFailure(.deniedInvite, denial.description)
            case .refusal(.conflict(.usernameTaken)):
                CommandFailure(
                    .takenUsername, "another invite of \(host) that is still good fixes this username",
                    hint: "`invite list \(host) --state open` shows it")
            case .refusal(.conflict):
                // Operators have no limits, and chance makes no token twice.
                CommandFailure(.internal, "\(host) did not store the invite")
            case .refusal(.accountExists):
                CommandFailure(.takenUsername, "there is an account with this username on \(host)")
            case .refusal(.overloaded):
                CommandFailure(.overloadedHost, "\(host) has too much to do right now", hint: "try again")
            case .refusal(.tooManyOpenFiles):
                CommandFailure(
                    .overloadedHost, "the daemon has too many files open to serve \(host) right now",
                    hint: "try again; `status` says what to raise")
            case .refusal(.unavailable):
                CommandFailure(
                    .unavailableHost, "the storage of \(host) does not work",
                    hint: "`host why \(host)` tells the cause")
            }
    }
}

extension Invocation {
    /// The user that an argument or option names, prepared; `nil` when it was not given.
    func account(_ name: String) throws(CommandFailure) -> Account? {
        guard let text = text(name) else { return nil }
        guard let jid = try? JID(text), let account = Account(jid) else {
            throw CommandFailure(.badArgument, "\(text.quoted) is not a bare JID such as alice@example.com")
        }
        return account
    }

    /// What was noted about the invite; `nil` when nothing was.
    var note: String? { get throws(CommandFailure) { try remark("note") } }

    /// The language of texts for the invite's user; `nil` when none was given.
    var language: String? {
        get throws(CommandFailure) {
            guard let text = text("language") else { return nil }
            guard let tag = LanguageTag(text) else {
                throw CommandFailure(
                    .badArgument, "\(text.quoted) is not the tag of a language such as de or pt-BR (BCP 47)")
            }
            guard LanguageCatalog.builtIn.texts(for: tag) != nil else {
                let known = LanguageCatalog.builtIn.all.map(\.language).joined(separator: ", ")
                throw CommandFailure(.badArgument, "there are no texts in \(text.quoted)", hint: "there are \(known)")
            }
            return tag.description
        }
    }

    /// A text that is stored; `nil` when there is none.
    func remark(_ name: String) throws(CommandFailure) -> String? {
        guard let text = text(name), !text.isEmpty else { return nil }
        guard text.utf8.count <= 1_000 else {
            throw CommandFailure(.badArgument, "the \(name) is longer than 1,000 bytes")
        }
        return text
    }

    func requiredAccount(_ name: String) throws(CommandFailure) -> Account {
        guard let account = try account(name) else {
            throw CommandFailure(.internal, "`\(name)` is not an argument")
        }
        return account
    }
}
