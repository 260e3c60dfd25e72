import Foundation
import TestSupport
import Testing

@testable import XMPP

private let token = "0VzD5ZqyT2cLkWmXgA7bHn9RsQ1fE"
private let attempt = "3kXn0pV1sYw9QbZ2"
private let time: Int64 = 1_795_889_600_123

/// An address of a test, known to be good.
private func jid(_ localpart: String, _ domain: String) -> JID {
    JID(preparedLocalpart: localpart, domain: domain, resource: nil)
}

/// The condition with which a request is refused.
private func condition(_ body: IQ.Body) -> StanzaError.Condition? {
    do throws(StanzaError) {
        _ = try ServerModuleRequest(body)
        return nil
    } catch {
        return error.condition
    }
}

@Suite struct ServerModuleTests {
    private static let reservation = ServerModuleRequest.Reservation(
        token: token, attempt: attempt, username: "juliet", checked: time)

    static let requests: [ServerModuleRequest] = [
        .hello(
            ServerModule.Hello(
                module: "mod_invited 1.0", server: "Prosody 0.12.3", features: Set(ServerModule.Feature.allCases),
                rules: .init(registration: .invite, requiresEncryption: true, passwordLength: 8),
                limits: ["names can be taken over the API", "<&>"])),
        .hello(ServerModule.Hello(version: 2, module: "m", server: "s")),
        .hello(
            ServerModule.Hello(
                module: "m", server: "s", rules: .init(registration: .closed, requiresEncryption: false))),
        .check(token: token, attempt: attempt), .reserve(reservation),
        .reserve(.init(token: token, attempt: attempt, username: "günther")),
        .confirm(token: token, attempt: attempt, username: "juliet"),
        .release(attempt: attempt, reason: "the password is <too> weak"), .name("juliet"), .spend(reservation),
        .subscribe(token: token, user: "alice", contact: jid("bob", "elsewhere.example")), .deleted("juliet"),
    ]

    static let commands: [ServerModuleCommand] = [
        .settings(.init(registration: .open)),
        .settings(.init(registration: .invite, held: (0..<ServerModule.Settings.mostHeld).map { "name\($0)" })),
        .exists("juliet"), .create(username: "juliet", password: "p ' <&\"ä", address: "192.0.2.1"),
        .create(username: "juliet", password: String(repeating: "x", count: ServerModule.longestPassword)),
        .password(username: "juliet", password: "secret"),
        .contacts(user: "alice", contact: jid("juliet", "example.com")),
        .notify(username: "alice", text: "juliet@example.com <hat> deine Einladung angenommen.", language: "de"),
    ]

    static let answers: [Element] =
        [
            ServerModuleAnswer.settings(.init(registration: .server, held: ["juliet", "romeo"])),
            .good(kind: "account", username: "juliet", checked: time),
            .good(kind: "account-and-contact", username: nil, checked: time), .reserved(deadline: time),
        ].compactMap(\.payload)
        + [ServerModuleAccount.present(created: time), .present(created: nil), .absent].map(\.payload)

    @Test(arguments: requests) func requestsAreReadAsTheyWereWritten(_ request: ServerModuleRequest) throws {
        #expect(try ServerModuleRequest(request.body) == request)
        #expect(throws: StanzaError.self) { try ServerModuleCommand(request.body) }
    }

    @Test(arguments: commands) func commandsAreReadAsTheyWereWritten(_ command: ServerModuleCommand) throws {
        #expect(try ServerModuleCommand(command.body) == command)
        #expect(throws: StanzaError.self) { try ServerModuleRequest(command.body) }
    }

    @Test func whatIsSaidOfAccounts() throws {
        for account in [ServerModuleAccount.present(created: time), .present(created: nil), .absent] {
            #expect(ServerModuleAccount(account.payload) == account)
        }
        #expect(ServerModuleAccount(nil) == nil)
        #expect(
            try ServerModuleAccount(element("<exists xmlns='\(ServerModule.namespace)' account='perhaps'/>")) == nil)
        #expect(try ServerModuleAccount(element("<exists xmlns='urn:x' account='present'/>")) == nil)
    }

    @Test func secretsDoNotPrint() {
        for request in Self.requests {
            var dumped = ""
            dump(request, to: &dumped)
            #expect(!"\(request) \(String(reflecting: request)) \(dumped)".contains(token))
        }
        let command = ServerModuleCommand.password(username: "juliet", password: "hunter2")
        var dumped = ""
        dump(command, to: &dumped)
        #expect(!"\(command) \(String(reflecting: command)) \(dumped)".contains("hunter2"))
    }

    // MARK: What is malformed

    @Test(
        arguments: [
            "<hello version='1' module='m'/>", "<hello version='x' module='m' server='s'/>",
            "<hello version='0' module='m' server='s'/>", "<hello version='-1' module='m' server='s'/>",
            "<hello version='99999999999999999999' module='m' server='s'/>",
            "<hello version='1' module='\(String(repeating: "m", count: 257))' server='s'/>",
            "<hello version='1' module='m' server='s'><rules registration='maybe' encryption='required'/></hello>",
            "<hello version='1' module='m' server='s'><rules registration='open'/></hello>",
            "<hello version='1' module='m' server='s'><rules registration='open' encryption='optional' password-length='-1'/></hello>",
            "<reserve token='t' attempt='\(attempt)'/>", "<reserve attempt='\(attempt)' username='juliet'/>",
            "<reserve token='' attempt='\(attempt)' username='juliet'/>",
            "<reserve token='t' attempt='\(attempt)' username=''/>",
            "<reserve token='t' attempt='short' username='juliet'/>",
            "<reserve token='t' attempt='3kXn0pV1sYw9Qb-2' username='juliet'/>",
            "<reserve token='t' attempt='\(attempt)' username='juliet' checked='yesterday'/>",
            "<reserve token='\(String(repeating: "t", count: 65))' attempt='\(attempt)' username='juliet'/>",
            "<reserve token='t' attempt='\(attempt)' username='\(String(repeating: "u", count: 1024))'/>",
            "<subscribe token='t' user='alice' contact='elsewhere.example'/>",
            "<subscribe token='t' user='alice' contact='bob@@elsewhere.example'/>",
            "<check token='t' attempt='\(attempt)'/>", "<name username='juliet'/>",
        ]) func isABadRequest(_ text: String) throws
    {
        let payload = try element(text.replacing(/^<\w+/) { "\($0.0) xmlns='\(ServerModule.namespace)'" })
        #expect(condition(.set(payload)) == .badRequest)
    }

    @Test(arguments: ["a b", "a@b", "a/b", "<b>", "\u{202E}x", "a\u{AD}\u{200}\u{7F}", "\""])
    func aNameThatCannotBeOneIsNotAcceptable(_ name: String) {
        #expect(condition(ServerModuleRequest.name(name).body) == .notAcceptable)
    }

    @Test func namesArePrepared() throws {
        #expect(try ServerModuleRequest(ServerModuleRequest.name("JULIET").body) == .name("juliet"))
        let request = try ServerModuleRequest(
            .set(
                try element(
                    "<subscribe xmlns='\(ServerModule.namespace)' token='t' user='Alice' contact='BOB@Elsewhere.example/x'/>"
                )))
        #expect(request == .subscribe(token: "t", user: "alice", contact: jid("bob", "elsewhere.example")))
    }

    @Test func whatALaterVersionMayHaveIsLeftAlone() throws {
        let ns = ServerModule.namespace
        let later = try element(
            "<hello xmlns='\(ns)' version='2' module='m' server='s' colour='red'><feature name='telepathy'/><feature/>"
                + "<feature name='guard'/><feature xmlns='urn:x' name='register'/><news/><limit/>"
                + "<limit>\(String(repeating: "l", count: 257))</limit></hello>")
        #expect(
            try ServerModuleRequest(.set(later))
                == .hello(ServerModule.Hello(version: 2, module: "m", server: "s", features: [.guard])))
        for payload in [try element("<dance xmlns='\(ns)'/>"), try element("<check xmlns='urn:x'/>")] {
            #expect(condition(.set(payload)) == .featureNotImplemented)
        }
    }

    @Test(arguments: [(0, true), (1, true), (2, true), (3, false), (Int.max, false), (Int.min, true)])
    func versions(_ version: Int, fits: Bool) { #expect(ServerModule.isCompatible(version) == fits) }

    @Test func aLongReasonIsCut() throws {
        let request = ServerModuleRequest.release(attempt: attempt, reason: String(repeating: "ä", count: 5000))
        #expect(
            try ServerModuleRequest(request.body)
                == .release(attempt: attempt, reason: String(repeating: "ä", count: 200)))
    }
}

/// `docs/server-module.xsd` against what is sent, and `docs/server-module.md` against both.
@Suite struct ServerModuleSchemaTests {
    private static let docs = URL(filePath: #filePath).appending(path: "../../../docs").standardized
    private static let schema = docs.appending(path: "server-module.xsd").path

    /// The IQs in the examples of the document.
    private static let examples: [IQ] = {
        let text = (try? String(contentsOf: docs.appending(path: "server-module.md"), encoding: .utf8)) ?? ""
        return text.matches(of: /(?s)```xml\n(.*?)```/).flatMap { block -> [IQ] in
            let examples = try? element("<examples xmlns='\(Namespaces.component)'>\(block.1)</examples>")
            return (examples.map { Array($0.children) } ?? []).compactMap { try? IQ($0) }
        }
    }()

    @Test func allowsWhatIsSent() throws {
        let schema = try XMLSchema(path: Self.schema)
        let bodies = ServerModuleTests.requests.map(\.body) + ServerModuleTests.commands.map(\.body)
        for payload in bodies.compactMap(\.payload) + ServerModuleTests.answers {
            #expect(try schema.allows(payload.xml(inside: "")), "\(payload.xml(inside: ""))")
        }
    }

    @Test func allowsNothingElse() throws {
        let schema = try XMLSchema(path: Self.schema)
        for text in [
            "<dance/>", "<reserve token=''/>", "<confirm token='t' username='u'/>", "<exists account='perhaps'/>",
            "<hello version='1' secret='x'/>", "<notify username='a'><b/></notify>",
        ] {
            let document = try element(text.replacing(/^<\w+/) { "\($0.0) xmlns='\(ServerModule.namespace)'" })
            #expect(try !schema.allows(document.xml(inside: "")), "\(text)")
        }
    }

    @Test func theExamplesAreWhatIsSent() throws {
        #expect(Self.examples.count >= 15)
        let schema = try XMLSchema(path: Self.schema)
        for iq in Self.examples {
            guard let payload = iq.body.payload else { continue }
            #expect(payload.namespace == ServerModule.namespace)
            #expect(try schema.allows(payload.xml(inside: "")), "\(payload.xml(inside: ""))")
            guard iq.isRequest else { continue }
            // The document gives the direction of a request.
            if iq.to?.domain == "invites.example.net" {
                let request = try ServerModuleRequest(iq.body)
                #expect(try ServerModuleRequest(request.body) == request)
            } else {
                let command = try ServerModuleCommand(iq.body)
                #expect(try ServerModuleCommand(command.body) == command)
            }
        }
        // Every element has one.
        let shown = Set(Self.examples.compactMap { $0.request?.name })
        let known = (ServerModuleTests.requests.map(\.body) + ServerModuleTests.commands.map(\.body)).compactMap {
            $0.payload?.name
        }
        #expect(shown == Set(known))
    }
}

extension IQ.Body {
    fileprivate var payload: Element? {
        switch self {
        case .get(let payload), .set(let payload): payload
        case .result(let payload): payload
        case .error: nil
        }
    }
}
