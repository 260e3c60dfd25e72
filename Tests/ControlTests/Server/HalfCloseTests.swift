import NIOCore
import Shell
import TestSupport
import Testing

@testable import Control

/// Peers that end their input at any byte, as `printf version | socat - UNIX-CONNECT:control.sock` does.
@Suite struct HalfCloseTests {
    private static func install(_ handlers: inout CommandHandlers) {
        handlers["status"] = { call in
            try await call.output.row(["n": 1])
            try await call.confirm("really?")
            return Outcome("done")
        }
    }

    /// A peer's input as lines, of which the last need not have an end.
    private static func lines(in said: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var lines = said.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }

    /// All answers when a peer sends bytes and then ends its input.
    private func answers(to bytes: ArraySlice<UInt8>, _ room: ControlServerFixture) async throws -> [String] {
        let peer = try await ControlPeer.connect(room.path)
        if !bytes.isEmpty { try await peer.send(Array(bytes)) }
        try await peer.channel.close(mode: .output).get()
        var lines: [String] = []
        while case .line(let line) = try await peer.inbox.next() { lines.append(line) }
        return lines
    }

    private func serves(_ room: ControlServerFixture) async throws {
        let peer = try await room.connect()
        try await peer.run(1, "version")
        #expect(try await peer.end(1).code == .ok)
    }

    @Test(.timeLimit(.minutes(5))) func everyRequestEndsOnceWhereverTheInputEnds() async throws {
        let lines = [
            #"{"id":1,"argv":["version"]}"#, "", #"{"id":2,"complete":["ver"]}"#,
            #"{"id":3,"argv":["status"],"interactive":true}"#, #"{"id":3,"answer":"yes"}"#,
            #"{"id":4,"argv":["status"]}"#, #"{"id":4,"cancel":true}"#, #"{"id":5,"argv":["host","show","é.example"]}"#,
        ]
        let bytes = Array(lines.joined(separator: "\r\n").utf8)
        try await ControlServerFixture.with(install: Self.install) { room in
            for count in 0...bytes.count {
                let said = bytes.prefix(count)
                var wanted: [Int64: Int] = [:]
                for (line, whole) in zip(Self.lines(in: said), lines) {
                    // It is a request if all of it is there, with or without its end.
                    let isRequest = !line.isEmpty && line.elementsEqual(whole.utf8)
                    let id = isRequest ? try #require(JSON(reading: line)["id"]?.integer) : 0
                    wanted[id] = id > 0 ? 1 : wanted[0, default: 0] + 1
                }
                var ended: [Int64: Int] = [:]
                for line in try await answers(to: said, room) {
                    guard case .end(let id, _) = try #require(ServerMessage(JSON(reading: line.utf8))) else { continue }
                    ended[id, default: 0] += 1
                }
                #expect(ended == wanted, "after \(count) bytes")
            }
            try await serves(room)
        }
    }

    @Test(.timeLimit(.minutes(5))) func everyLineOfPlainTextIsAnsweredWhereverTheInputEnds() async throws {
        let lines = ["version", "", "host show é.example", "status", "yes", "nonsense", "quit"]
        let bytes = Array(lines.joined(separator: "\r\n").utf8)
        try await ControlServerFixture.with(install: Self.install) { room in
            for count in 0...bytes.count {
                let said = bytes.prefix(count)
                let parts = Self.lines(in: said)
                // An answer is not answered, and who quits is shown no prompt.
                let isQuit = parts.count == 7 && parts[6].elementsEqual("quit".utf8)
                let prompts = parts.count - (parts.count >= 5 ? 1 : 0) - (isQuit ? 1 : 0)
                let text = try await answers(to: said, room).joined(separator: "\n")
                let shown = text.split(separator: Session.prompt, omittingEmptySubsequences: false).count - 1
                #expect(shown == prompts, "after \(count) bytes: \(text)")
                if parts.count == 5 {
                    let isYes = parts[4].elementsEqual("yes".utf8)
                    #expect(text.contains(isYes ? "[yes/no] done" : "confirm.refused"), "\(text)")
                }
            }
            try await serves(room)
        }
    }

    @Test func aWordWithoutAnEndIsACommand() async throws {
        try await ControlServerFixture.with { room in
            let said = try await answers(to: Array("version".utf8)[...], room)
            #expect(said.contains { $0.contains("1.2.3") && !$0.contains("you are") }, "\(said)")
        }
    }
}
