import Access
import Daemon
import Foundation
import NIOCore
import Runtime
import Shell
import Supervision
import TestSupport
import Testing

@testable import Control

/// What operators type and see, as recorded in Tests/Transcripts. Tests/Daemon/test_transcripts.py runs the same files
/// against the daemon itself.
///
/// With `WRITE_TRANSCRIPTS=1` the answers in the files become those that were given: review them before a commit.
@Suite(.timeLimit(.minutes(5))) struct TranscriptTests {
    static let all = try! Transcript.all()
    private static let writes = ProcessInfo.processInfo.environment["WRITE_TRANSCRIPTS"] == "1"

    @Test(arguments: all.map(\.name)) func withoutASocket(name: String) async throws {
        let transcript = try #require(Self.all.first { $0.name == name })
        try await Self.atADesk(of: transcript) { full in
            var caller = Caller.someone(.admin)
            try await Self.play(transcript, in: full.fixture.directory) { access in
                caller = Caller(uid: 1000, pid: 1, user: "someone", access: access)
            } run: { line, screen in
                screen.end(try await full.run(line, as: caller, output: screen))
            }
        }
    }

    /// The daemon's own user is always an admin, so transcripts of other callers are left out.
    @Test(arguments: all.filter(\.isForAdmins).map(\.name)) func overTheSocket(name: String) async throws {
        let transcript = try #require(Self.all.first { $0.name == name })
        try await Self.atADesk(of: transcript) { full in
            let path = "\(full.fixture.directory.path)/control.sock"
            let socket = try ControlSocket(binding: path)
            let server = ControlServer(
                SessionServices(
                    dispatcher: full.dispatcher, completer: full.completer, registry: .standard,
                    version: AllCommandsFixture.version),
                policy: AccessPolicy(daemon: geteuid()), limits: .init(stall: .hours(1), grace: .hours(1)),
                logger: full.fixture.controlled.dependencies.logger)
            try await server.start(on: socket.descriptor)
            let result: Result<Void, any Error>
            do {
                let peer = try await ControlPeer.connect(path)
                _ = try await peer.hello()
                var id: Int64 = 0
                try await Self.play(transcript, in: full.fixture.directory) { _ in
                } run: { line, screen in
                    id += 1
                    try await Self.run(id, line, on: peer, showing: screen)
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            socket.remove()
            await Task { await server.shutDown() }.value
            try result.get()
        }
    }

    private static func run(
        _ id: Int64, _ line: String, on peer: ControlPeer, showing screen: TranscriptScreen
    ) async throws {
        try await peer.say(.run(id: id, argv: try Words(line).words, width: screen.width, isInteractive: true))
        while true {
            switch try await peer.next() {
            case .row(_, let row): screen.row(row)
            case .text(_, let text): screen.text(text)
            case .event(_, let event): screen.event(event)
            case .ask(_, let question): try await peer.say(.answer(id: id, text: try screen.ask(question)))
            case .end(_, let end): return screen.end(end)
            case .hello, .progress, .data: break
            }
        }
    }

    /// The use of each command is documented in a transcript. Commands that show events are in ``SeeingTests``, and in
    /// the daemon's test_seeing.py.
    @Test func everyCommandIsInATranscript() throws {
        var used: Set<[String]> = []
        for line in Self.all.flatMap(\.lines) {
            if let spec = CommandRegistry.standard.match(try Words(line).words)?.spec { used.insert(spec.path) }
        }
        for spec in CommandRegistry.standard.commands {
            if case .events = spec.result { continue }
            // Nor is a file anything to be seen: test_backup.py.
            if spec.file != nil { continue }
            #expect(used.contains(spec.path), "no transcript has `\(spec.name)`")
        }
    }

    @Test func whatStandsForSomethingStandsForNothingElse() throws {
        func matches(_ line: String, _ expected: String) throws -> Bool { try Transcript.matches([line], [expected]) }
        #expect(try matches("since 2026-11-22 19:06Z", "since  <time>"))
        #expect(try !matches("since yesterday", "since <time>"))
        #expect(try matches("a.b", "a.b") && !matches("axb", "a.b") && !matches("a.b c", "a.b"))
        #expect(try !matches("12", "<directory>") && matches("<directory>/x", "<directory>/x"))
        #expect(try !Transcript.matches(["a", "b"], ["a"]) && !Transcript.matches(["a"], ["a", "b"]))
        #expect(try Transcript.matches(["a", "1", "b"], ["a", "~ <number>", "b"]))
        #expect(try Transcript.matches(["a", "b"], ["a", "~ <number>", "b"]))
        #expect(try !Transcript.matches(["a", "x", "b"], ["a", "~ <number>", "b"]))
        #expect(try Transcript.difference(["a /tmp/x/y"], ["a <directory>/y"], "/tmp/x") == nil)
        #expect(try Transcript.difference(["a"], ["b"], "/tmp/x") != nil)
    }

    // MARK: Playing

    private static func atADesk(of transcript: Transcript, _ body: (AllCommandsFixture) async throws -> Void)
        async throws
    {
        var hosts: [String: String] = [:]
        for (path, text) in transcript.files where path.hasPrefix("config.d/") {
            hosts[String(path.dropFirst("config.d/".count).dropLast(".yaml".count))] = text
        }
        try await AllCommandsFixture.with(hosts, body)
    }

    private static func play(
        _ transcript: Transcript, in directory: TemporaryDirectory, become: (AccessRights) -> Void,
        run: (String, TranscriptScreen) async throws -> Void
    ) async throws {
        var document = ""
        var hasBegun = false
        var hash = ""
        var columns = 100
        for step in transcript.steps {
            switch step {
            case .note(let line): document += line + "\n"
            case .write(let path, let text):
                if hasBegun { try directory.write(text, to: path) }
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                document += "@ file \(path)\n" + lines.map { $0.isEmpty ? "|\n" : "| \($0)\n" }.joined()
            case .remove(let path):
                try directory.remove(path)
                document += "@ remove \(path)\n"
            case .become(let name, let access):
                become(access)
                document += "@ as \(name)\n"
            case .widen(let number):
                columns = number
                document += "@ columns \(number)\n"
            case .run(let line, let expected):
                hasBegun = true
                let words = try? Words(line).words
                let shape = words.flatMap { CommandRegistry.standard.match($0)?.spec.result } ?? .nothing
                let screen = TranscriptScreen(shape, columns: columns, expected: expected)
                try await run(line.replacing("<hash>", with: hash), screen)
                hash =
                    screen.lines.lazy.compactMap { $0.firstMatch(of: /\b[0-9a-f]{12}\b/)?.output }.last.map(String.init)
                    ?? hash
                let difference = try Transcript.difference(screen.lines, expected, directory.path)
                #expect(difference == nil, "\(transcript.name): > \(line)\n\(difference ?? "")")
                for row in screen.rows {
                    #expect(RowChecker(shape.fields).mistakes(in: row) == [], "\(transcript.name): > \(line)")
                }
                let isKept = difference == nil
                let lines = isKept ? expected : screen.lines.map { Transcript.generalised($0, directory.path) }
                document += "> \(line)\n" + lines.map { $0 + "\n" }.joined() + "\n"
            }
        }
        if writes {
            while document.hasSuffix("\n\n") { document.removeLast() }
            try document.write(
                toFile: "\(Transcript.directory)/\(transcript.name)", atomically: true, encoding: .utf8)
        }
    }
}

extension Transcript {
    /// Whether all callers in it are admins of all hosts.
    var isForAdmins: Bool {
        steps.allSatisfy { step in
            if case .become(_, let access) = step { return access == AccessRights(.admin, on: .all) }
            return true
        }
    }

    /// A line with words in angle brackets for what is another each time.
    static func generalised(_ line: String, _ directory: String) -> String {
        var line = line.replacing(directory, with: "<directory>")
        for (pattern, word) in [
            (forms["time"]!, "<time>"), (#"\b[A-Za-z0-9]{29}\b"#, "<token>"),
            (#"\b[0-9a-f]{12}(?:[0-9a-f]{4})?\b"#, "<hash>"), (#"127\.0\.0\.1:\d+"#, "127.0.0.1:<port>"),
            (#"^version: +\d+\.\d+\.\d+$"#, "version: <version>"),
            (#"(root|someone) +\d+ +\d+ +socket"#, "<user>  <number>  <number>  socket"),
            (#"(revoked by:?|released by) +(root|someone)\b"#, "$1 <user>"),
            (#"(root|someone) \(uid \d+\)"#, "<user> (uid <number>)"),
        ] {
            line = line.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return line
    }
}
