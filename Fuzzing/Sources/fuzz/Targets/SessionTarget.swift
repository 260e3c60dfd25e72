import Glibc
import Logging
import Synchronization

@testable import Access
@testable import Component
@testable import Configuration
@testable import Control
@testable import Daemon
@testable import Reconfiguration
@testable import Runtime
@testable import Shell
@testable import Supervision
@testable import TestSupport

/// A session at the control socket, from its first byte to its end, on a server in this process.
///
/// The input is what the peer sends. `^|` ends a chunk, which the server reads before it gets the next; `^g` resumes
/// commands that wait; `^c` closes the connection; `^0` is a NUL and `^^` the sign itself. At the end the peer ends its
/// input and reads until the server closes.
struct SessionTarget: FuzzTarget {
    static let name = "session"
    static let holds =
        "a session ends, each request has one end and nothing after it, lines are JSON, plain text cannot speak to a terminal"
    static let flags = ["-max_len=8192"]

    private let server: FuzzedServer

    init() {
        server = waiting { await FuzzedServer() }
    }

    func run(_ input: UnsafeRawBufferPointer) {
        server.gate.close()
        let peer = FuzzedPeer(server.path)
        var said: [UInt8] = []
        var chunk: [UInt8] = []
        func send() {
            said += chunk
            peer.send(chunk)
            chunk = []
        }
        var isEscaped = false
        for byte in input {
            switch (isEscaped, byte) {
            case (false, UInt8(ascii: "^")):
                isEscaped = true
                continue
            case (true, UInt8(ascii: "|")): send()
            case (true, UInt8(ascii: "g")):
                send()
                server.gate.open()
            case (true, UInt8(ascii: "c")):
                send()
                return peer.close()
            case (true, UInt8(ascii: "0")): chunk.append(0)
            default: chunk.append(byte)
            }
            isEscaped = false
        }
        send()
        peer.endInput()
        server.gate.open()
        let lines = peer.rest().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        peer.close()
        guard let hello = lines.first, case .hello = Self.message(hello) else {
            fail("a session begins with \(lines.first.map { String(decoding: $0, as: UTF8.self) } ?? "nothing")")
        }
        let transcript = SessionTranscript(said)
        if transcript.isJSON {
            transcript.check(lines.dropFirst().map { line in line.isEmpty ? nil : Self.message(line) })
        } else {
            transcript.check(
                lines.dropFirst().map { line in
                    guard let text = String(validating: line, as: UTF8.self) else { fail("not UTF-8: \(Array(line))") }
                    return text
                })
        }
    }

    private static func message(_ line: ArraySlice<UInt8>) -> ServerMessage {
        guard let message = (try? JSON(reading: line)).flatMap(ServerMessage.init) else {
            fail("the server says \(String(decoding: line, as: UTF8.self).debugDescription)")
        }
        return message
    }
}

/// What a peer has sent, and what has to follow from it.
private struct SessionTranscript {
    let isJSON: Bool
    private let lines: [[UInt8]]

    init(_ said: [UInt8]) {
        var lines = said.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.lines = lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        let first = lines.first?.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        isJSON = lines.isEmpty || first == UInt8(ascii: "{")
    }

    // MARK: JSON lines

    /// - Parameter messages: All after the greeting, `nil` behind the last line.
    func check(_ messages: [ServerMessage?]) {
        expect(messages.last == .some(nil) && !messages.dropLast().contains(nil), "a line is empty, or has no end")
        var requests: [Int64: Int] = [:]
        var (ends, badLines) = (0, 0)
        for line in lines where badLines < SessionMachine.mostBadLines {
            let json = try? Session.object(line)
            switch json.flatMap({ try? ClientMessage($0) }) {
            case .run(let id, _, _, _), .complete(let id, _):
                requests[id, default: 0] += 1
                ends += 1
            case .cancel, .answer: break
            case nil:
                if let id = json?["id"]?.integer, id > 0 { requests[id, default: 0] += 1 }
                ends += 1
                badLines += 1
            }
        }
        // The last word of a session that is left.
        if badLines == SessionMachine.mostBadLines { ends += 1 }

        var ended: [Int64: Int] = [:]
        for message in messages.compactMap(\.self) {
            guard let (id, isEnd) = Self.request(of: message) else { fail("it greets again") }
            expect(isEnd || id > 0, "\(message) answers nothing")
            expect(id == 0 || ended[id, default: 0] < requests[id, default: 0], "\(message) comes after the end")
            if isEnd { ended[id, default: 0] += 1 }
        }
        expect(ended.values.reduce(0, +) == ends, "\(ends) ends are due, and these are said: \(ended)")
        for (id, count) in requests where count == 1 { expect(ended[id] == 1, "\(id) has the ends \(ended)") }
    }

    private static func request(of message: ServerMessage) -> (id: Int64, isEnd: Bool)? {
        switch message {
        case .hello: nil
        case .row(let id, _), .text(let id, _), .progress(let id, _), .event(let id, _), .data(let id, _),
            .ask(let id, _):
            (id, false)
        case .end(let id, _): (id, true)
        }
    }

    // MARK: Plain text

    /// - Parameter shown: All after the greeting, the last without an end.
    func check(_ shown: [String]) {
        for line in shown { expect(line.isHarmless, "a terminal is shown \(line.debugDescription)") }
        guard !lines.isEmpty else { return expect(shown == [""], "nothing is answered with \(shown)") }
        expect(shown.first?.hasPrefix("invited ") == true, "plain text begins with \(shown)")
        // What every line leads to, unless one of them ends the session.
        let mayLeave =
            lines.count >= SessionMachine.mostBadLines
            || lines.contains { line in
                let words = (try? Words(String(decoding: line, as: UTF8.self)))?.words
                return words == ["quit"] || words == ["exit"]
            }
        if !mayLeave { expect(shown.last?.hasSuffix(Session.prompt) == true, "plain text ends with \(shown)") }
    }
}

// MARK: - Both ends

/// A control server as a daemon has it, but that commands which change something or wait are others.
private final class FuzzedServer: Sendable {
    let path: String
    let gate = Gate()
    private let directory: TemporaryDirectory
    private let server: ControlServer

    init() async {
        do {
            directory = try TemporaryDirectory(in: "/dev/shm")
            for host in ["a.example", "b.example"] {
                try directory.write("admins: [admin@\(host)]\n", to: "config.d/\(host).yaml")
            }
            try directory.write("nonsense: 1\n", to: "config.d/c.example.yaml")
            // No process listens on the port: it is reserved (RFC 6335 §6).
            try directory.write(
                """
                component: {jid: invites.host.example, secret: hunter2, server: "127.0.0.1:1"}
                state_directory: state
                """, to: "invited.yaml")
            let dependencies = ControlledDependencies().dependencies
            var loader = ConfigurationLoader(file: "\(directory.path)/invited.yaml", credentialsDirectory: nil)
            let loaded = loader.load()
            guard let settings = loaded.daemon else { fail("\(loaded.diagnostics)") }
            let daemon = try Daemon(
                loader, loaded: loaded, settings: settings, maximumOpenDatabases: 8, dependencies: dependencies,
                statusChanged: { _ in })
            let journal = Journal(stateDirectory: settings.stateDirectory, dependencies: dependencies)
            for number in 0..<3 { await journal.record("\(number)", origin: "start", outcome: Outcome()) }
            let log = LogHub(level: .critical, now: dependencies.now, sleep: dependencies.sleep)
            var handlers = CommandHandlers.standard(daemon, journal: journal, log: log, version: "1.2.3")
            for spec in CommandRegistry.standard.commands where Self.isOther(spec) {
                handlers[spec.name] = Self.handler(spec, gate)
            }
            let values = DaemonValues(daemon)
            let dispatcher = Dispatcher(
                handlers, hosts: values, recorder: Forgetful(), logger: dependencies.logger)
            path = "\(directory.path)/control.sock"
            server = ControlServer(
                SessionServices(
                    dispatcher: dispatcher, completer: Completer(live: values), registry: .standard, version: "1.2.3"),
                policy: AccessPolicy(daemon: geteuid()), limits: .init(), logger: dependencies.logger)
            try await server.start(on: ControlSocket(binding: path).descriptor)
        } catch {
            fail("there is no server: \(error)")
        }
    }

    private static func isOther(_ spec: CommandSpec) -> Bool {
        if case .events = spec.result { return true }
        return spec.effect != .read
    }

    /// Sends a message of each kind, asks a question of each kind, and waits.
    private static func handler(_ spec: CommandSpec, _ gate: Gate) -> CommandHandlers.Handler {
        { call in
            let hostile = call.invocation.line + "\u{1B}[2J\r\n\u{9B}\u{202E}é"
            try await call.output.progress(hostile)
            try await call.output.text(hostile)
            if case .events = spec.result {
                try await call.output.event(["stanza": .text(hostile), "message": .text(hostile)])
                try await call.output.dropped(1)
            } else {
                try await call.output.row(["host": .text(hostile), "n": [1, ["x": .text(hostile)]]])
            }
            switch spec.name {
            case "config edit":
                let answer = try await call.output.ask(.edit(name: hostile, text: hostile, mistakes: [hostile]))
                try await call.output.text(answer ?? "none")
            case "config confirm":
                try await call.output.text(try await call.output.ask(.secret(hostile)) ?? "none")
            case "host restore":
                while let bytes = try await call.output.nextData(), !bytes.isEmpty { try await call.output.data(bytes) }
                try await call.confirm(hostile)
            default:
                if spec.option("yes") != nil { try await call.confirm(hostile) }
            }
            try await gate.pass()
            return Outcome(hostile, hint: hostile, hosts: ["a.example"], before: hostile, after: hostile)
        }
    }

    /// Replaces the journal, which would grow with each input.
    private struct Forgetful: ChangeRecorder {
        func begin(_ invocation: Invocation, caller: Caller, hosts: [String]) -> Int64 { 1 }
        func end(_ entry: Int64, code: ResultCode, outcome: Outcome?) {}
    }
}

/// Lets commands pass while it is open.
private final class Gate: Sendable {
    private let inbox = Mutex<Inbox<Void>?>(nil)

    /// For a session that begins. Those before have ended, or their peers have left.
    func close() { inbox.withLock { $0 = Inbox() } }

    func open() {
        let waiting = inbox.withLock { $0.take() }
        // More than can wait: those of this session, and late ones of earlier sessions.
        for _ in 0..<10 * SessionMachine.mostRequests { waiting?.put(()) }
    }

    /// - Throws: `CancellationError` when the command is over before it is open.
    func pass() async throws { try await inbox.withLock { $0 }?.next() }
}

/// The peer's end of the socket. All calls wait.
private struct FuzzedPeer {
    private let socket: CInt

    init(_ path: String) {
        socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        expect(status == 0, "there is no connection: \(errno)")
    }

    /// Returns when the server has read it, unless it reads nothing before the commands that run.
    func send(_ chunk: [UInt8]) {
        // A session that is over reads nothing more.
        guard !chunk.isEmpty, Glibc.send(socket, chunk, chunk.count, CInt(MSG_NOSIGNAL)) == chunk.count else { return }
        var unread: CInt = 0
        for _ in 0..<1000 where ioctl(socket, UInt(TIOCOUTQ), &unread) == 0 && unread > 0 { sched_yield() }
    }

    func endInput() { shutdown(socket, CInt(SHUT_WR)) }

    func close() { _ = Glibc.close(socket) }

    /// All bytes until the server closes.
    func rest() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            expect(hasMore(), "the session does not end: \(String(decoding: bytes, as: UTF8.self))")
            let count = bytes.count
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
                // Data is available, so this does not block.
                filled = max(0, recv(socket, buffer.baseAddress, buffer.count, 0))
            }
            bytes += chunk
            if bytes.count == count { return bytes }
        }
    }

    /// Waits until there is data or the end of it; `false` when that takes too long.
    private func hasMore() -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while ContinuousClock.now < deadline {
            let count = poll(&polled, 1, 1000)
            // libFuzzer's timer interrupts it.
            if count > 0 { return true }
            expect(count == 0 || errno == EINTR, "poll fails: \(errno)")
        }
        return false
    }
}
