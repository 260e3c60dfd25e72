import Configuration
import Invites
import Languages
import NIOCore
import Synchronization
import TestSupport
import Testing
import XMPP

@testable import Accounts
@testable import Component
@testable import Supervision

private let attempt = "3kXn0pV1sYw9QbZ2"

@Suite(.timeLimit(.minutes(5))) struct ModuleDoorTests {
    private let token: Token
    private let redeeming = FakeRedeeming()

    init() throws { token = try #require(Token("abcdefghijklmnop")) }

    static func hosts() -> [HostConfiguration] {
        let admins: Set<JID> = ["admin@a.example"]
        return [
            HostConfiguration(host: "a.example", admins: admins, serviceAddress: "invites.a.example"),
            HostConfiguration(host: "b.example"),
        ]
    }

    private static let hello = ServerModuleRequest.hello(
        ServerModule.Hello(
            module: "mod_invited 1.0", server: "Prosody 0.12.3", features: Set(ServerModule.Feature.allCases)))

    private func iq(
        _ request: ServerModuleRequest, from: JID? = "a.example/m", to: JID? = component, id: String = "r"
    ) -> IQ {
        IQ(from: from, to: to, id: id, body: request.body)
    }

    private func redemption(_ kind: Redemption.Kind = .register) -> Redemption {
        Redemption(
            number: 1, invite: 1, attempt: attempt, kind: kind, way: .stream, account: "juliet", inviter: nil,
            reservedAt: Timestamp(millisecondsSinceEpoch: 0),
            state: .reserved(
                deadline: Timestamp(millisecondsSinceEpoch: 60_000), nextQuestion: Timestamp(millisecondsSinceEpoch: 0),
                questions: 0))
    }

    private func invite(_ kind: InviteKind, username: String? = nil) -> Invite {
        Invite(
            token: token, kind: kind, inviter: nil, username: username,
            createdAt: Timestamp(millisecondsSinceEpoch: 0), expiresAt: Timestamp(millisecondsSinceEpoch: .max))
    }

    private func with(
        _ hosts: [HostConfiguration]? = nil, _ body: (ComponentFixture) async throws -> Void
    ) async throws {
        try await ComponentFixture.with(hosts ?? Self.hosts(), redeeming: redeeming, body)
    }

    /// Whether the refusal is in the log.
    private func isLogged(_ fixture: ComponentFixture, _ part: String) async throws -> Bool {
        try await fixture.controlled.log.next { $0.contains("refused") && $0.contains(part) }.isEmpty == false
    }

    // MARK: Hello

    @Test func aHelloIsAnsweredAtOnceAndTheHeldNamesFollow() async throws {
        redeeming.held.withLock { $0["a.example"] = ["juliet"] }
        try await with { fixture in
            let asked = Inbox<IQ>()
            fixture.router.servers.attach(
                HostServers.Link {
                    true
                } request: { iq, _ in
                    asked.put(iq)
                    return .success(nil)
                } send: { _ in
                    true
                })
            let answers = try await fixture.answers(to: [iq(Self.hello), iq(Self.hello, from: "b.example", id: "b")])
            #expect(answers.map(\.id) == ["r", "b"])
            #expect(
                answers.first?.payload == ServerModuleAnswer.settings(.init(registration: .server)).payload)
            #expect(answers.first?.to == "a.example/m" && answers.first?.from == component)
            let settings = try await asked.next()
            #expect(settings.to == "a.example/m")
            #expect(
                try ServerModuleCommand(settings.body) == .settings(.init(registration: .server, held: ["juliet"])))
            #expect(fixture.router.servers.modules["a.example"]?.hello.server == "Prosody 0.12.3")
            #expect(redeeming.calls.withLock { $0.contains(.accountsChanged("a.example")) })
            // A changed rule is sent, too.
            var other = HostConfiguration(host: "b.example")
            other.registration = .invite
            fixture.serve([Self.hosts()[0], other])
            let changed = try await asked.next { $0.to == "b.example" }
            #expect(try ServerModuleCommand(changed.body) == .settings(.init(registration: .invite)))
            fixture.router.connected()
            #expect(fixture.router.servers.modules.isEmpty)
        }
    }

    /// A module of an incompatible version gets an error, and the reason is stored for `host why`.
    @Test func versionsThatDoNotFit() async throws {
        try await with { fixture in
            let far = ServerModuleRequest.hello(ServerModule.Hello(version: 3, module: "m", server: "s"))
            let error = try await fixture.answers(to: [iq(far)]).first?.stanzaError
            #expect(error?.condition == .featureNotImplemented)
            #expect(error?.text?.contains("version 3") == true && error?.text?.contains("version 1") == true)
            #expect(try await isLogged(fixture, "version 3"))
            #expect(fixture.router.servers.modules["a.example"]?.isCompatible == false)
            let near = ServerModuleRequest.hello(ServerModule.Hello(version: 2, module: "m", server: "s"))
            #expect(try await fixture.answers(to: [iq(near)]).first?.stanzaError == nil)
        }
    }

    @Test func aHelloBeforeItsHostIsConfiguredIsKept() async throws {
        try await with { fixture in
            let asked = Inbox<IQ>()
            fixture.router.servers.attach(
                HostServers.Link {
                    true
                } request: { iq, _ in
                    asked.put(iq)
                    return .success(nil)
                } send: { _ in
                    true
                })
            let answers = try await fixture.answers(to: [iq(Self.hello, from: "c.example")])
            #expect(answers.first?.stanzaError?.condition == .forbidden)
            #expect(try await isLogged(fixture, "not served"))
            fixture.serve(Self.hosts() + [HostConfiguration(host: "c.example")])
            #expect(try await asked.next().to == "c.example")
        }
    }

    @Test func manyHellosNeedNoDatabase() async throws {
        let hosts = (0..<2000).map { HostConfiguration(host: "h\($0).example") }
        try await with(hosts) { fixture in
            let answers = try await fixture.answers(
                to: hosts.map { iq(Self.hello, from: try JID($0.host), id: $0.host) })
            #expect(answers.count == hosts.count)
            #expect(answers.allSatisfy { $0.stanzaError == nil })
        }
    }

    // MARK: Which senders are trusted

    @Test(
        arguments: [
            "alice@a.example/r", "alice@a.example", "evil.example", "c.example/m", component, "invites.host.example/m",
        ] as [JID])
    func nobodyElseIsBelieved(_ from: JID) async throws {
        try await with { fixture in
            for request in [Self.hello, .check(token: token.text, attempt: attempt), .deleted("juliet")] {
                let answers = try await fixture.answers(to: [iq(request, from: from)])
                #expect(answers.map { $0.stanzaError?.condition } == [.forbidden])
                #expect(try await isLogged(fixture, "from=\(from)"))
            }
            #expect(redeeming.calls.withLock { $0.isEmpty })
            #expect(fixture.router.servers.modules["a.example"] == nil)
        }
    }

    @Test(arguments: ["invites.a.example", "a.example", "invites.host.example/x", "x@invites.host.example"] as [JID])
    func nothingIsTakenAtAnotherAddress(_ to: JID) async throws {
        try await with { fixture in
            let answers = try await fixture.answers(to: [iq(Self.hello, to: to)])
            #expect(answers.map { $0.stanzaError?.condition } == [.forbidden])
            #expect(try await isLogged(fixture, "to=\(to)"))
        }
    }

    @Test func nothingIsTakenThroughADelegation() async throws {
        try await with { fixture in
            for asker in ["a.example/m", "alice@a.example/r"] as [JID] {
                let inner = iq(.check(token: token.text, attempt: attempt), from: asker, to: "a.example")
                let answers = try await fixture.answers(to: [envelope(inner, by: "a.example")])
                #expect(answers.first?.unwrapped()?.stanzaError?.condition == .forbidden)
                #expect(try await isLogged(fixture, "delegation"))
            }
            #expect(redeeming.calls.withLock { $0.isEmpty })
        }
    }

    /// The host is that of the sending server, whatever a request names.
    @Test func aModuleSpeaksForItsOwnHost() async throws {
        try await with { fixture in
            _ = try await fixture.answers(to: [iq(.name("juliet"), from: "b.example")])
            #expect(fixture.endpoint("a.example")?.service.activity.counters.requests == 0)
            #expect(fixture.endpoint("b.example")?.service.activity.counters.requests == 1)
        }
    }

    @Test func commandsComeFromTheModulesAddress() async throws {
        try await with { fixture in
            let inner = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example")
            let before = try await fixture.answers(to: [envelope(inner, by: "a.example/m")])
            #expect(before.first?.stanzaError?.condition == .forbidden)
            _ = try await fixture.answers(to: [iq(Self.hello)])
            let answers = try await fixture.answers(to: [envelope(inner, by: "a.example/m")])
            #expect(answers.first?.unwrapped()?.uri?.hasPrefix("xmpp:alice@a.example?roster;preauth=") == true)
            for from in ["a.example/other", "alice@a.example/m", "b.example/m"] as [JID] {
                let answers = try await fixture.answers(to: [envelope(inner, by: from)])
                #expect(answers.first?.stanzaError?.condition == .forbidden)
            }
            // The server has not delegated them.
            #expect(fixture.router.servers.grants["a.example"]?.delegatesCommands != true)
        }
    }

    // MARK: Tokens

    @Test func oneBatchIsOneCall() async throws {
        redeeming.invites.withLock { $0[token] = .success(invite(.account, username: "juliet")) }
        redeeming.outcomes.withLock {
            $0 = [
                .success(.reserved(redemption())), .success(.confirmed(redemption(), isNew: true)),
                .success(.released(nil)), .success(.reserved(redemption(.reset))),
                .success(.confirmed(redemption(.contact), isNew: false)),
            ]
        }
        try await with { fixture in
            let reservation = ServerModuleRequest.Reservation(
                token: token.text, attempt: attempt, username: "juliet", checked: 5)
            let requests: [ServerModuleRequest] = [
                .check(token: token.text, attempt: attempt), .reserve(reservation),
                .confirm(token: token.text, attempt: attempt, username: "juliet"),
                .release(attempt: attempt, reason: "why"), .spend(reservation),
                .subscribe(token: token.text, user: "alice", contact: "bob@b.example"),
                .check(token: "none-of-ours", attempt: attempt), .name("romeo"), .deleted("juliet"),
            ]
            let answers = try await fixture.answers(
                to: requests.enumerated().map { iq($0.element, id: "q\($0.offset)") })
            #expect(answers.map(\.id) == (0..<9).map { "q\($0)" })
            #expect(
                answers[0].payload
                    == ServerModuleAnswer.good(
                        kind: "account", username: "juliet", checked: fixture.controlled.now.millisecondsSinceEpoch
                    ).payload)
            #expect(answers[1].payload == ServerModuleAnswer.reserved(deadline: 60_000).payload)
            for answer in answers[2...5] { #expect(answer.stanzaError == nil && answer.payload == nil) }
            #expect(answers[6].stanzaError?.condition == .itemNotFound)
            for answer in answers[7...8] { #expect(answer.stanzaError == nil) }
            let expected = Reservation(
                token: token, attempt: attempt, username: "juliet", way: .stream,
                checkedAt: Timestamp(millisecondsSinceEpoch: 5))
            let contact = Account(localpart: "bob", domain: "b.example")
            #expect(
                redeeming.calls.withLock { $0 } == [
                    .redeem([
                        .reserve(expected),
                        .confirm(Confirmation(token: token, attempt: attempt, username: "juliet", way: .stream)),
                        .release(attempt: attempt, reason: "why"), .spend(expected),
                        .subscribe(ContactRequest(token: token, user: "alice", contact: contact)),
                    ]),
                    .isHeld("romeo"), .forget("juliet"), .check([token]),
                ])
            #expect(fixture.endpoint("a.example")?.service.activity.counters.waiting == 0)
        }
    }

    private static let conditions:
        [(
            RedemptionFailure, check: StanzaError.Condition, reserve: StanzaError.Condition,
            confirm: StanzaError.Condition
        )] =
            [
                (.failed(.unavailable), .resourceConstraint, .resourceConstraint, .resourceConstraint),
                (.refused(.unknown), .itemNotFound, .itemNotFound, .itemNotFound),
                (.refused(.expired), .itemNotFound, .itemNotFound, .itemNotFound),
                (.refused(.revoked), .itemNotFound, .itemNotFound, .itemNotFound),
                (.refused(.used), .itemNotFound, .notAllowed, .notAllowed),
                (.refused(.reservedByOthers), .resourceConstraint, .resourceConstraint, .resourceConstraint),
                (.refused(.usernameTaken), .conflict, .conflict, .conflict),
                (.refused(.otherUsername), .notAcceptable, .notAcceptable, .notAcceptable),
                (.refused(.suspended), .serviceUnavailable, .serviceUnavailable, .resourceConstraint),
            ]

    @Test func eachRefusalHasItsCondition() async throws {
        try await with { fixture in
            for (failure, check, reserve, confirm) in Self.conditions {
                // The log takes so many lines in a time.
                fixture.controlled.advance(byMilliseconds: 60_000)
                redeeming.invites.withLock { $0[token] = .failure(failure) }
                redeeming.outcomes.withLock { $0 = [.failure(failure), .failure(failure)] }
                let reservation = ServerModuleRequest.Reservation(
                    token: token.text, attempt: attempt, username: "juliet")
                let answers = try await fixture.answers(to: [
                    iq(.check(token: token.text, attempt: attempt)), iq(.reserve(reservation)),
                    iq(.confirm(token: token.text, attempt: attempt, username: "juliet")),
                ])
                #expect(answers.map { $0.stanzaError?.condition } == [check, reserve, confirm])
                for error in answers.compactMap(\.stanzaError) where error.condition == .resourceConstraint {
                    #expect(error.kind == .wait)
                }
                #expect(try await isLogged(fixture, "<reserve/>: \(reserve.rawValue)"))
                // What was done once is done again: the module repeats it.
                #expect(answers[1].stanzaError?.text?.contains(token.text) != true)
            }
        }
    }

    @Test func aContactsTokenMakesNoAccount() async throws {
        redeeming.invites.withLock { $0[token] = .success(invite(.contact)) }
        try await with { fixture in
            let answers = try await fixture.answers(to: [iq(.check(token: token.text, attempt: attempt))])
            #expect(answers.first?.stanzaError?.condition == .itemNotFound)
        }
    }

    @Test func namesOfOthersAreRefused() async throws {
        redeeming.held.withLock { $0["a.example"] = ["juliet"] }
        var closed = HostConfiguration(host: "b.example")
        closed.registration = .invite
        try await with([HostConfiguration(host: "a.example"), closed]) { fixture in
            let answers = try await fixture.answers(to: [
                iq(.name("juliet")), iq(.name("romeo"), id: "2"), iq(.name("romeo"), from: "b.example", id: "3"),
            ])
            let conditions = Dictionary(uniqueKeysWithValues: answers.map { ($0.id, $0.stanzaError?.condition) })
            #expect(conditions == ["r": .conflict, "2": nil, "3": .notAllowed])
        }
    }

    // MARK: What is malformed

    @Test(
        arguments: [
            ("<check token='t'/>", .get, .badRequest), ("<check/>", .set, .badRequest),
            ("<reserve token='t' attempt='3kXn0pV1sYw9QbZ2' username='&lt;b/&gt;'/>", .set, .notAcceptable),
            ("<reserve token='t' attempt='3kXn0pV1sYw9QbZ2' username='x'><b/></reserve>", .set, .itemNotFound),
            ("<dance/>", .set, .featureNotImplemented), ("<exists username='juliet'/>", .get, .featureNotImplemented),
            ("<create username='juliet' password='p'/>", .set, .featureNotImplemented),
        ] as [(String, RequestKind, StanzaError.Condition)])
    func eachHasItsCondition(_ text: String, _ kind: RequestKind, _ condition: StanzaError.Condition) async throws {
        let payload = try Self.element(text)
        try await with { fixture in
            let request = IQ(
                from: "a.example/m", to: component, id: "r", body: kind == .get ? .get(payload) : .set(payload))
            let answers = try await fixture.answers(to: [request])
            #expect(answers.map { $0.stanzaError?.condition } == [condition])
            #expect(try await isLogged(fixture, condition.rawValue))
        }
    }

    enum RequestKind: Sendable { case get, set }

    private static func element(_ text: String) throws -> Element {
        let parser = StreamParser(limits: ParserLimits())
        let stream =
            "<s:stream xmlns:s='\(Namespaces.streams)' xmlns='\(Namespaces.component)'>"
            + text.replacing(/^<\w+/) { "\($0.0) xmlns='\(ServerModule.namespace)'" }
        for event in try parser.read(.init(string: stream)) {
            if case .element(let element) = event { return element }
        }
        throw StanzaError(.badRequest)
    }

    /// What waits for a host is bounded for its module, too.
    @Test func aFloodIsTurnedAway() async throws {
        try await with { fixture in
            let flood = (0..<HostEndpoint.capacity + 100).map {
                iq(.check(token: token.text, attempt: attempt), id: "q\($0)")
            }
            let answers = try await fixture.answers(to: flood)
            #expect(answers.count == flood.count)
            let busy = answers.filter { $0.stanzaError?.condition == .resourceConstraint }
            #expect(busy.count >= 100 && busy.allSatisfy { $0.stanzaError?.kind == .wait })
        }
    }

    // MARK: Invites

    @Test func linksPromiseWhatTheModuleDoes() async throws {
        var hosts = Self.hosts()
        hosts[0].allowUserInvites = true
        try await with(hosts) { fixture in
            let request = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: component)
            #expect(try await fixture.answers(to: [request]).first?.uri?.contains(";ibr=y") == false)
            _ = try await fixture.answers(to: [iq(Self.hello)])
            #expect(try await fixture.answers(to: [request]).first?.uri?.hasSuffix(";ibr=y") == true)
        }
    }

    @Test func noInviteIsMadeForAnAccountThatExists() async throws {
        try await with { fixture in
            fixture.router.servers.attach(
                HostServers.Link {
                    true
                } request: { iq, _ in
                    switch try? ServerModuleCommand(iq.body) {
                    case .exists("alice"): .success(ServerModuleAccount.present(created: nil).payload)
                    case .exists("slow"): .failure(.timeout)
                    default: .success(ServerModuleAccount.absent.payload)
                    }
                } send: { _ in
                    true
                })
            _ = try await fixture.answers(to: [iq(Self.hello)])
            for (name, condition) in [("alice", .conflict), ("Alice", .conflict), ("juliet", nil), ("slow", nil)]
                as [(String, StanzaError.Condition?)]
            {
                let form = submission(["username": name])
                let request = set(
                    command(Namespaces.createAccountCommand, form: form), from: "admin@a.example/r", to: component)
                let answer = try await fixture.answers(to: [request]).first
                #expect(answer?.stanzaError?.condition == condition, "\(name)")
                // The same at the host itself. There the name may be reserved by now.
                let delegated = envelope(
                    set(
                        command(Namespaces.createAccountCommand, form: form), from: "admin@a.example/r", to: "a.example"
                    ),
                    by: "a.example")
                let error = try await fixture.answers(to: [delegated]).first?.unwrapped()?.stanzaError
                #expect(error?.condition == .conflict)
                #expect((error?.text == Texts.english[.refusalAccountExists]) == (condition != nil), "\(name)")
            }
        }
    }

    @Test func withoutAProviderUsersMakeNoAccountInvites() async throws {
        var hosts = Self.hosts()
        hosts[0].accounts = .none
        hosts[0].allowUserInvites = true
        try await with(hosts) { fixture in
            let request = set(command(Namespaces.createAccountCommand), from: "admin@a.example/r", to: "a.example")
            let answers = try await fixture.answers(to: [envelope(request, by: "a.example")])
            #expect(answers.first?.unwrapped()?.stanzaError?.condition == .serviceUnavailable)
            _ = try await fixture.answers(to: [iq(Self.hello)])
            // A contact invite is one for a contact alone.
            let contact = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: component)
            #expect(try await fixture.answers(to: [contact]).first?.uri?.contains("ibr") == false)
        }
    }
}
