import Configuration
import Invites
import Synchronization
import Testing
import XMPP

@testable import Accounts

/// A server with the commands of XEP-0133, as Prosody and ejabberd have them.
private final class AdminServer: Sendable {
    enum Kind: Sendable { case prosody, ejabberd, none }

    let kind: Kind
    let accounts = Mutex<Set<String>>(["alice", "bob"])
    let rosters = Mutex<[String: [RosterItem]]>([:])
    /// Whose sessions were ended.
    let ended = Mutex<[String]>([])
    let hasLast: Bool

    init(_ kind: Kind, hasLast: Bool = true) {
        self.kind = kind
        self.hasLast = hasLast
    }

    func answer(_ iq: IQ) -> Result<Element?, RequestError> {
        guard let payload = iq.request else { return .failure(.timeout) }
        if payload.is("query", Namespaces.discoInfo) {
            return .success(DiscoInfo(features: hasLast ? [Namespaces.lastActivity] : []).element)
        }
        if payload.is("query", Namespaces.roster) { return roster(iq, payload) }
        guard let command = try? CommandRequest(payload), kind != .none,
            kind == .ejabberd || !command.node.hasSuffix("lastlogin")
        else { return .failure(.refused(StanzaError(.itemNotFound))) }
        guard let form = command.form else {
            return .success(
                CommandResponse(node: command.node, sessionID: "s", status: .executing, form: DataForm(.form)).element)
        }
        func completed(_ note: String? = nil, _ values: [DataForm.Field] = []) -> Result<Element?, RequestError> {
            .success(
                CommandResponse(
                    node: command.node, sessionID: "s", status: .completed,
                    notes: note.map { [.init(.error, $0)] } ?? [], form: DataForm(.result, fields: values)
                ).element)
        }
        func refused(_ condition: StanzaError.Condition, _ note: String) -> Result<Element?, RequestError> {
            kind == .prosody ? completed(note) : .failure(.refused(StanzaError(condition)))
        }
        let name = form.value(of: "accountjid").flatMap { try? JID($0) }?.localpart ?? ""
        let exists = accounts.withLock { $0.contains(name) }
        switch command.node.split(separator: "#").last {
        case "add-user":
            if exists { return refused(.conflict, "Account already exists") }
            if form.value(of: "password") == "bad" { return refused(.itemNotFound, "Failed to write data to disk") }
            accounts.withLock { _ = $0.insert(name) }
            return completed()
        case "end-user-session":
            ended.withLock { $0.append(name) }
            return completed()
        case "change-user-password":
            return exists ? completed() : refused(.itemNotFound, "User does not exist")
        case "user-stats":
            return exists || kind == .ejabberd ? completed() : completed("User does not exist")
        case "get-user-lastlogin":
            return completed(nil, [.init("lastlogin", values: [exists && hasLast ? "2026-01-01 00:00:00" : "Never"])])
        default: return .failure(.refused(StanzaError(.itemNotFound)))
        }
    }

    private func roster(_ iq: IQ, _ query: Element) -> Result<Element?, RequestError> {
        rosters.withLock { rosters in
            let user = iq.to?.localpart ?? ""
            if case .set = iq.body {
                for item in RosterItem.items(in: query) ?? [] {
                    rosters[user, default: []].removeAll { $0.jid == item.jid }
                    // ejabberd's users' own matter.
                    var item = item
                    if kind == .ejabberd { item.subscription = "none" }
                    rosters[user, default: []].append(item)
                }
                return .success(nil)
            }
            let items = (rosters[user] ?? []).flatMap { $0.query.children }
            return .success(Element("query", namespace: Namespaces.roster, children: items))
        }
    }
}

@Suite struct CommandAccountsTests {
    private func accounts(_ server: AdminServer, grants: [KeyValuePairs<String, String>] = []) throws -> (
        any Accounts, FakeServer
    ) {
        let fake = FakeServer { server.answer($0) }
        let version = "urn:xmpp:privilege:2"
        let permissions = grants.map { pairs in
            Element(
                "perm", namespace: version,
                attributes: ["access": pairs.first?.key, "type": pairs.first?.value])
        }
        let grant = try #require(PrivilegeGrant(Element("privilege", namespace: version, children: permissions)))
        fake.servers.grants.record(grant, host: "a.example", among: served)
        return (fake.servers.accounts(of: host()), fake)
    }

    @Test func anAccountIsMade() async throws {
        for kind in [AdminServer.Kind.prosody, .ejabberd] {
            let server = AdminServer(kind)
            let (accounts, _) = try accounts(server)
            #expect(accounts.abilities.provider == .commands)
            #expect(await accounts.create(NewAccount(username: "juliet", password: "p")) == .done)
            #expect(server.accounts.withLock { $0.contains("juliet") })
            #expect(await accounts.create(NewAccount(username: "juliet", password: "p")) == .taken)
            // On ejabberd as item-not-found.
            guard case .refused = await accounts.create(NewAccount(username: "romeo", password: "bad")) else {
                Issue.record("not refused on \(kind)")
                return
            }
            #expect(await accounts.setPassword("q", of: "juliet") == .done(endedSessions: true))
            #expect(await accounts.setPassword("q", of: "romeo") == .failed(.absent))
        }
    }

    @Test func whetherAnAccountExists() async throws {
        for server in [AdminServer(.prosody), AdminServer(.ejabberd)] {
            let (accounts, _) = try accounts(server)
            #expect(await accounts.existence(of: "alice") == .present(created: nil))
            #expect(await accounts.existence(of: "juliet") == .absent)
        }
        let (without, _) = try accounts(AdminServer(.ejabberd, hasLast: false))
        #expect(await without.existence(of: "alice") == .unknown(CommandAccounts.needsLast))
        #expect(await without.existence(of: "juliet") == .unknown(CommandAccounts.needsLast))
        let (none, _) = try accounts(AdminServer(.none))
        #expect(await none.existence(of: "alice") == .unknown(CommandAccounts.cannotTell))
        guard case .unreachable = await none.create(NewAccount(username: "juliet", password: "p")) else {
            Issue.record("without the command nothing can have been done")
            return
        }
    }

    @Test func sessionsEndWithThePassword() async throws {
        for kind in [AdminServer.Kind.prosody, .ejabberd] {
            let server = AdminServer(kind)
            let (accounts, _) = try accounts(server)
            #expect(await accounts.setPassword("q", of: "romeo") == .failed(.absent))
            #expect(await accounts.setPassword("q", of: "alice") == .done(endedSessions: true))
            let ended = server.ended.withLock { $0 }
            #expect(ended == ["alice"])
        }
    }

    /// ejabberd would say that it is done.
    @Test func aPasswordNewerThanStringprepIsNotSetOnEjabberd() async throws {
        let (ejabberd, _) = try accounts(AdminServer(.ejabberd))
        guard case .failed(.refused) = await ejabberd.setPassword("\u{1F600}", of: "alice") else {
            Issue.record("not refused")
            return
        }
        #expect(await ejabberd.setPassword("stra\u{DF}e", of: "alice") == .done(endedSessions: true))
        let (prosody, _) = try accounts(AdminServer(.prosody))
        #expect(await prosody.setPassword("\u{1F600}", of: "alice") == .done(endedSessions: true))
    }

    @Test func aLostAnswerIsUnknown() async throws {
        let server = AdminServer(.prosody)
        let fake = FakeServer { iq in
            let command = iq.request.flatMap { try? CommandRequest($0) }
            return command?.form == nil ? server.answer(iq) : .failure(.timeout)
        }
        let accounts = fake.servers.accounts(of: host())
        #expect(
            await accounts.create(NewAccount(username: "juliet", password: "p"))
                == .unknown("the server does not answer"))
        let silent = FakeServer { _ in .failure(.timeout) }
        #expect(
            await silent.servers.accounts(of: host()).create(NewAccount(username: "juliet", password: "p"))
                == .unreachable("the server does not answer"))
    }

    @Test func contactsAreInBothRosters() async throws {
        let server = AdminServer(.prosody)
        let named = RosterItem(jid: try JID("bob@a.example"), name: "Bob", subscription: "none", groups: ["Friends"])
        server.rosters.withLock { $0["alice"] = [named] }
        let (accounts, _) = try accounts(server, grants: [["roster": "both"]])
        #expect(accounts.abilities.setsContacts)
        #expect(await accounts.addContact(Account(localpart: "bob", domain: "a.example"), to: "alice") == .done)
        let rosters = server.rosters.withLock { $0 }
        #expect(rosters["alice"]?.map(\.subscription) == ["both"])
        #expect(rosters["alice"]?.first?.name == "Bob" && rosters["alice"]?.first?.groups == ["Friends"])
        #expect(rosters["bob"] == [RosterItem(jid: try JID("alice@a.example"), subscription: "both")])
        #expect(await accounts.addContact(Account(localpart: "bob", domain: "b.example"), to: "alice") == .unsupported)
        #expect(await accounts.addContact(Account(localpart: "bob", domain: "a.example"), to: "nobody") == .absent)
        #expect(server.rosters.withLock { $0["nobody"] } == nil)

        let (other, _) = try self.accounts(AdminServer(.ejabberd), grants: [["roster": "both"]])
        #expect(await other.addContact(Account(localpart: "bob", domain: "a.example"), to: "alice") == .unsupported)
        let (without, _) = try self.accounts(server)
        #expect(await without.addContact(Account(localpart: "bob", domain: "a.example"), to: "alice") == .unsupported)
    }

    @Test func aGrantThatMayBeOnItsWayIsWaitedFor() async throws {
        let fake = FakeServer { AdminServer(.prosody).answer($0) }
        fake.servers.connected()
        let accounts = fake.servers.accounts(of: host(.commands))
        let outcomes = [
            await accounts.addContact(Account(localpart: "bob", domain: "a.example"), to: "alice"),
            await accounts.notify("alice", "news", language: "en"),
        ]
        #expect(outcomes == [.unreachable(HostServers.hasNotSaidYet), .unreachable(HostServers.hasNotSaidYet)])
        let sent = fake.sent.withLock { $0 }
        #expect(sent.isEmpty)
        #expect(await accounts.create(NewAccount(username: "juliet", password: "p")) == .done)
    }

    @Test func noticesAreOfTheHost() async throws {
        let (accounts, fake) = try accounts(AdminServer(.prosody), grants: [["message": "outgoing"]])
        #expect(accounts.abilities.sendsNotices)
        #expect(await accounts.notify("alice", "news", language: "de") == .done)
        let message = try #require(fake.sent.withLock { $0.first })
        #expect(message.to?.description == "a.example")
        let inner = message.children.first?.firstChild?.firstChild
        #expect(inner?["from"] == "a.example" && inner?["to"] == "alice@a.example")
        #expect(inner?.firstChild?.text == "news" && inner?.firstChild?.language == "de")
        let (without, own) = try self.accounts(AdminServer(.prosody))
        #expect(await without.notify("alice", "news", language: "en") == .done)
        let direct = try #require(own.sent.withLock { $0.first })
        #expect(direct.to?.description == "alice@a.example" && direct.children.first?.text == "news")
    }
}
