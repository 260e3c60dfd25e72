@testable import Shell

struct MessageTarget: FuzzTarget {
    static let name = "message"
    static let holds = "a line of the shell's protocol is refused, or written and read again the same"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        let line = Array(input)
        guard let json = try? JSON(reading: line) else { return }
        expect(String(validating: line, as: UTF8.self) != nil, "it is not UTF-8, and read as \(json)")
        let written = json.bytes
        expectSame(json, written)
        expect(!written.contains(UInt8(ascii: "\n")), "it is written in several lines")
        for bytes in [line, written] {
            let shown = JSONMember.harmless(bytes[...])
            let text = String(decoding: shown, as: UTF8.self)
            expect(text.isHarmless, "it is shown as \(text.debugDescription)")
            expectSame(json, shown)
        }
        for name in ["row", "event", "end"] where json.object != nil {
            _ = JSONMember.find(name, in: line[...])
            let found = JSONMember.find(name, in: written[...]).map(Array.init)
            expect(found == json[name]?.bytes, "\(name) of \(json.line) is \(found as Any)")
        }

        if let bytes = json["data"]?.text.flatMap([UInt8].init(base64:)) {
            expect([UInt8](base64: bytes.base64) == bytes, "\(bytes) are not read again as they are written")
        }
        do {
            let message = try ClientMessage(json)
            let again = expectNoError("\(message) is not read again") {
                try ClientMessage(JSON(reading: message.json.bytes))
            }
            expect(again == message && again.json.bytes == message.json.bytes, "\(message) is read again as \(again)")
        } catch {
            expect(error.message.isHarmless, "it is refused with \(error)")
        }
        if let message = ServerMessage(json) {
            let again = (try? JSON(reading: message.json.bytes)).flatMap(ServerMessage.init)
            expect(again.map { isSame($0.json, message.json) } ?? false, "\(message) is read again as \(again as Any)")
        }
    }

    private func expectSame(_ json: JSON, _ bytes: [UInt8]) {
        let again = expectNoError("\(String(decoding: bytes, as: UTF8.self)) is not read") { try JSON(reading: bytes) }
        expect(isSame(again, json), "\(json) is read as \(again)")
    }

    /// Whether both are the same but for the last digits of a number: Foundation does not read what it writes to the bit.
    private func isSame(_ left: JSON, _ right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.flag(let left), .flag(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.text(let left), .text(let right)): same(left, right)
        case (.list(let left), .list(let right)): left.elementsEqual(right, by: isSame)
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { name, value in right[name].map { isSame(value, $0) } ?? false }
        case (.number, _), (_, .number):
            if let left = number(left), let right = number(right) {
                left == right || abs(left - right) <= 1e-12 * max(left.magnitude, right.magnitude)
            } else {
                false
            }
        default: false
        }
    }

    private func number(_ json: JSON) -> Double? {
        switch json {
        case .number(let number): number
        case .integer(let integer): Double(integer)
        default: nil
        }
    }
}
