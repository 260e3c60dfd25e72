import Foundation
import Logging
import NIOCore
import NIOPosix

@testable import Component
@testable import Configuration
@testable import Invites
@testable import Runtime
@testable import Storage
@testable import Supervision
@testable import TestSupport
@testable import XMPP

/// An input is what the server sends after the handshake.
struct RequestsTarget: FuzzTarget {
    static let name = "requests"
    static let holds = "each request has exactly one answer, well-formed, to who asked and from where it was asked"
    static let flags = ["-max_len=8192"]

    private let service = Service()

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        // Parsed separately, for how many answers there must be, and whether the stream stays open.
        var events: [StreamEvent] = []
        let hasError = !Self.read([bytes + Service.last], into: &events)
        // Byte by byte where it ends in an error: what precedes the error counts.
        if hasError { _ = Self.read((bytes + Service.last).map { [$0] }, into: &events) }
        let endsStream = hasError || events.contains { $0.endsStream }
        if !endsStream {
            // No answer is sent after a stanza that does not end.
            guard case .element(let last)? = events.popLast(), last["id"] == "last" else { return }
        }

        let answers = service.answers(to: bytes, endsStream: endsStream)
        var expected: [Question: Int] = [:]
        for event in events {
            if event.endsStream { break }
            if let question = Question(event) { expected[question, default: 0] += 1 }
        }
        var given: [Question: Int] = [:]
        for answer in answers { given[Question(answered: answer), default: 0] += 1 }
        if endsStream {
            // Those on their way may be lost with the stream.
            for (question, count) in given {
                expect(count <= expected[question] ?? 0, "\(question) has \(count) answers")
            }
        } else {
            expect(given == expected, "asked: \(expected)\nanswered: \(given)")
        }
    }

    /// Returns whether it is a stream.
    private static func read(_ pieces: [[UInt8]], into events: inout [StreamEvent]) -> Bool {
        let parser = StreamParser(limits: Service.limits)
        do {
            _ = try parser.read(ByteBuffer(string: Service.header))
            for piece in pieces { events += try parser.read(ByteBuffer(bytes: piece)) }
            return true
        } catch {
            return false
        }
    }
}

/// By what an answer is known.
private struct Question: Hashable {
    let id: String
    let from: JID?
    let to: JID?

    /// What is owed an answer; `nil` for anything else.
    init?(_ event: StreamEvent) {
        let element: Element
        switch event {
        case .element(let whole): element = whole
        case .refused(let stanza):
            guard let outline = stanza.outline else { return nil }
            element = outline
        case .opened, .closed: return nil
        }
        do {
            guard case .iq(let iq) = try Stanza(element), iq.isRequest else { return nil }
            self.init(id: iq.id, from: iq.from, to: iq.to)
        } catch {
            guard case .refused(let answer) = error else { return nil }
            self.init(id: answer.id, from: answer.to, to: answer.from)
        }
    }

    init(answered answer: IQ) {
        self.init(id: answer.id, from: answer.to, to: answer.from)
    }

    private init(id: String, from: JID?, to: JID?) {
        self.id = id
        self.from = from
        self.to = to ?? Service.component
    }
}

extension StreamEvent {
    fileprivate var endsStream: Bool {
        switch self {
        case .opened, .refused: false
        case .element(let element): element.is("error", Namespaces.streams)
        case .closed: true
        }
    }
}

/// A router with two hosts and their databases, and a new stream to it for each input.
private final class Service: Sendable {
    static let component = try? JID("invites.host.example")
    static let limits = ParserLimits(stanzaBytes: 2000, depth: 12, attributes: 8, elements: 40, addressBytes: 3000)
    static let header =
        "<stream:stream xmlns='\(Namespaces.component)' xmlns:stream='\(Namespaces.streams)' id='1'>"
    /// Its answer is sent after all requests before it were accepted.
    static let last = Array(
        "<iq type='get' id='last' from='last.example'><ping xmlns='\(Namespaces.ping)'/></iq>".utf8)

    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    private let inFlight = InFlight(limit: 1000)
    private let outlet = Outlet()
    private let connection: ComponentConnection

    /// In memory where there is room for that: each invite is synchronised.
    private static let directory =
        (access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : NSTemporaryDirectory()) + "invited-fuzz-\(getpid())"

    init() {
        atexit { try? FileManager.default.removeItem(atPath: Service.directory) }
        let dependencies = Dependencies(gather: { _ in }, eventLoop: loop, logger: logger)
        let registry = expectNoError("no databases") {
            try HostRegistry(stateDirectory: Self.directory, maximumOpenDatabases: 8, dependencies: dependencies)
        }
        let router = Router(
            domain: "invites.host.example", outlet: outlet, inFlight: inFlight, refusals: RefusalLog(dependencies),
            redeeming: HostRedeeming(registry: registry), dependencies: dependencies)
        registry.add(router)
        let admins = ["admin@a.example", "staff@b.example"].compactMap { try? JID($0) }
        let hosts = [
            HostConfiguration(host: "a.example", admins: Set(admins), serviceAddress: "invites.a.example"),
            HostConfiguration(host: "b.example", admins: [admins[1]], allowContactInvites: false),
        ]
        registry.apply(
            ConfigurationDiff(from: [:], to: Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0) })))
        // One that modules' requests in inputs can name.
        if let token = Token(String(repeating: "t", count: 22)) {
            let invite = Invite(
                token: token, kind: .accountAndContact, inviter: Account(localpart: "alice", domain: "a.example"),
                uses: InviteUses(total: 1_000_000), createdAt: registry.now,
                expiresAt: Timestamp(millisecondsSinceEpoch: .max))
            waiting {
                _ = try? await registry.withInvites(of: "a.example", for: .storing) { repository throws(StoreError) in
                    try await repository.add([NewInvite(invite)])
                }
            }
        }
        var options = ComponentOptions(domain: "invites.host.example", host: "127.0.0.1", port: 1, secret: "secret")
        options.limits = Self.limits
        connection = ComponentConnection(options, outlet: outlet, receiver: router, group: loop, logger: logger)
    }

    /// All that is sent because of these bytes.
    func answers(to bytes: [UInt8], endsStream: Bool) -> [IQ] {
        var ends: [CInt] = [-1, -1]
        expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0, "no socket: \(errno)")
        let peer = ends[1]
        defer { close(peer) }
        let ended = loop.makePromise(of: ComponentStreamHandler.End.self)
        let channel = expectNoError("no channel") {
            try ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            ComponentStreamHandler(self.connection, logger: self.logger, ended: ended))
                    }
                }
                .withConnectedSocket(ends[0]).wait()
        }
        send(Array((Self.header + "<handshake/>").utf8) + bytes + Self.last, to: peer)
        let answers = Answers()
        while !answers.hasEnded, endsStream || !answers.hasLast, answers.read(from: peer) {}
        waiting { await self.inFlight.waitUntilNone() }
        // All that was sent is written once the event loop has had its turn.
        try? loop.submit {}.wait()
        shutdown(peer, CInt(SHUT_WR))
        while answers.read(from: peer) {}
        try? channel.closeFuture.wait()
        return answers.all
    }

    private func send(_ bytes: [UInt8], to peer: CInt) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(peer, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            // The stream may end before all is read.
            guard count > 0 else { return }
            sent += count
        }
    }
}

/// The daemon's answers.
private final class Answers {
    private let parser = StreamParser(limits: ParserLimits(stanzaBytes: 10_000_000))
    private(set) var all: [IQ] = []
    private(set) var hasLast = false
    private(set) var hasEnded = false

    /// Returns whether there may be more.
    func read(from peer: CInt) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(peer, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        let events = expectNoError("what was sent cannot be read: \(String(decoding: buffer[..<count], as: UTF8.self))")
        {
            () throws(StreamError) in try parser.read(ByteBuffer(bytes: buffer[..<count]))
        }
        for event in events {
            switch event {
            case .opened: break
            case .element(let element): take(element)
            case .refused(let stanza): fail("what was sent is not read: \(stanza)")
            case .closed: hasEnded = true
            }
        }
        return true
    }

    private func take(_ element: Element) {
        if element.is("handshake", Namespaces.component) { return }
        if element.is("error", Namespaces.streams) {
            hasEnded = true
            return
        }
        let iq = expectNoError("no answer: \(element)") { () throws(StanzaFault) in try IQ(element) }
        expect(!iq.isRequest, "a request: \(element)")
        expect(iq.from != nil && iq.to != nil, "not addressed: \(element)")
        if iq.id == "last", iq.to?.domain == "last.example" { hasLast = true } else { all.append(iq) }
    }
}
