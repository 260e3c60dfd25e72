import Shell
import Testing

@Suite struct JSONMemberTests {
    @Test(arguments: [
        (#"{"id":1,"row":{"a":[1,"}"]}}"#, #"{"a":[1,"}"]}"#),
        (#" { "row" : 7 , "id" : 1 } "#, "7"),
        (#"{"a":{"row":1},"b":["row",2],"row":"x\"y\\"}"#, #""x\"y\\""#),
        (#"{"x":"row","row":null}"#, "null"),
        (#"{"row":[]}"#, "[]"),
        (#"{"rows":1}"#, nil), ("{}", nil), (#"{"":1}"#, nil),
    ])
    func theBytesOfAMember(json: String, value: String?) {
        let found = JSONMember.find("row", in: Array(json.utf8)[...])
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == value)
    }

    @Test(arguments: ["", "{", #"{"row"#, #"{"row":"\"#, "}}}}", #"{"row":{"#, "]", #"{"row":1"#])
    func brokenTextIsNoTrap(json: String) {
        #expect(JSONMember.find("row", in: Array(json.utf8)[...]) == nil)
    }

    @Test func whatTerminalsObeyIsEscapedAndMeansTheSame() throws {
        let value: JSON = ["é\u{9B}2J": "a\u{202E}\u{7F}\u{E0001}日本"]
        let harmless = JSONMember.harmless(value.bytes[...])
        #expect(try JSON(reading: harmless) == value)
        let text = String(decoding: harmless, as: UTF8.self)
        #expect(text == #"{"é\u009B2J":"a\u202E\u007F\uDB40\uDC01日本"}"#)
    }

    @Test(arguments: ["{\r\"row\":\t1\n}", "{\r\"r\u{F6}w\":\t1\n}"])
    func lineBreaksBetweenValuesReachNoTerminal(json: String) throws {
        let harmless = JSONMember.harmless(Array(json.utf8)[...])
        #expect(try JSON(reading: harmless) == JSON(reading: json.utf8))
        #expect(harmless.allSatisfy { $0 >= 0x20 })
    }

    @Test(
        arguments: [
            [0x7B, 0, 0x7D, 0], [0, 0x7B, 0, 0x7D], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], [0xEF, 0xBB, 0xBF, 0x7B, 0x7D],
        ] as [[UInt8]])
    func onlyUTF8WithoutAByteOrderMarkIsRead(object: [UInt8]) throws {
        #expect(throws: (any Error).self) { try JSON(reading: object) }
    }

    @Test(
        arguments: [
            "\u{FEFF}", "\u{FEFF}a", "\u{FEFF}\u{FEFF}a", "\"\u{FEFF}", "\\\"\u{FEFF}\u{FF21}", "a\u{FEFF}",
            "\n\u{FEFF}b",
            "\\\u{FEFF}", "\u{1F98A}\u{FEFF}",
        ])
    func aByteOrderMarkInATextIsKept(text: String) throws {
        for value in [.text(text), .object([text: 1]), .list([1, .text(text)])] as [JSON] {
            #expect(try JSON(reading: value.bytes).bytes == value.bytes)
        }
        #expect(throws: (any Error).self) { try JSON(reading: "\"\\\u{FEFF}\"".utf8) }
    }
}
