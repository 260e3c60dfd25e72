import Shell
import Testing

/// Bytes of files in the protocol, and where the client is to write them.
@Suite struct FileMessageTests {
    @Test(arguments: [[], [0], Array(UInt8.min...UInt8.max)] as [[UInt8]])
    func bytesAreReadAsTheyAreWritten(bytes: [UInt8]) throws {
        #expect([UInt8](base64: bytes.base64) == bytes)
        let message = ServerMessage.data(id: 1, bytes)
        #expect(ServerMessage(try JSON(reading: message.json.bytes)) == message)
    }

    @Test(arguments: ["!", "U1F", "U1FM\n", "=", "U1FMaXRl U1FM"]) func whatIsNotBase64IsNothing(text: String) {
        #expect([UInt8](base64: text) == nil)
        #expect(ServerMessage(["id": 1, "data": .text(text)]) == nil)
    }

    @Test func theLargestPieceFitsIntoALine() {
        let piece = [UInt8](repeating: 0xFF, count: ServerMessage.Question.mostData)
        #expect(ClientMessage.answer(id: .max, text: piece.base64).json.bytes.count < 256 * 1024)
        let most = ServerMessage.ask(id: 1, .data(most: ServerMessage.Question.mostData))
        #expect(ServerMessage(most.json) == most)
        // More cannot be asked for.
        #expect(ServerMessage(["id": 1, "ask": ["kind": "data", "most": 1_000_000_000]]) == most)
    }

    @Test func filesAreTheClientsMatter() throws {
        let line = try ClientCommandLine(["host", "backup", "--output", "copy", "a.example"])
        #expect((line.mode, line.output, line.input) == (.command(["host", "backup", "a.example"]), "copy", nil))
        #expect(try ClientCommandLine(["host", "restore", "a.example", "--input=copy"]).input == "copy")
        for words in [
            ["host", "list", "--output", "x"], ["--input", "x", "-"], ["host", "restore", "x", "--output", "y"],
        ] {
            #expect(throws: CommandFailure.self) { try ClientCommandLine(words) }
        }
    }
}
