import Foundation
import Testing

@testable import Control

/// Codes are read back by another library than the one that draws them (ZBar, through Python).
@Suite(.timeLimit(.minutes(5))) struct QRCodeTests {
    private static let uri = "xmpp:alice@example.com?roster;preauth=0aVhb1Dm4XHqGZmSx6yCzUkQfLw"

    static func drawn(_ text: String) -> String? { QRCode(text)?.halfBlocks }

    /// What ZBar reads where the terminal shows the lines light on dark.
    private func read(_ halfBlocks: String) throws -> String {
        let program = """
            import sys
            from pyzbar.pyzbar import decode, ZBarSymbol
            rows = []
            for line in sys.stdin.read().split("\\n"):
                rows.append([c in "█▀" for c in line])
                rows.append([c in "█▄" for c in line])
            assert len({len(row) for row in rows}) == 1, "lines of different length"
            size = 4
            pixels = bytes(255 if light else 0 for row in rows for _ in range(size) for light in row for _ in range(size))
            codes = decode((pixels, len(rows[0]) * size, len(rows) * size), symbols=[ZBarSymbol.QRCODE])
            assert len(codes) == 1, f"{len(codes)} codes"
            sys.stdout.write(codes[0].data.decode())
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", program]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(halfBlocks.utf8))
        try input.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: complaints, as: UTF8.self))")
        return String(decoding: text, as: UTF8.self)
    }

    @Test(arguments: [
        Self.uri, "xmpp:%C3%A7elik@example.com?register;preauth=0aVhb1Dm4XHqGZmSx6yCzUkQfLw", "x",
        "xmpp:" + String(repeating: "%E6%97%A5", count: 100)
            + "@example.com?roster;preauth=0aVhb1Dm4XHqGZmSx6yCzUkQfLw",
    ])
    func aScannerReadsIt(text: String) throws {
        let code = try #require(QRCode(text))
        #expect(try read(code.halfBlocks) == text)
    }

    @Test func itHasAQuietZone() throws {
        let code = try #require(QRCode(Self.uri))
        let lines = code.halfBlocks.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0) }
        let side = code.width + 8
        #expect(lines.count == (side + 1) / 2)
        #expect(lines.allSatisfy { $0.count == side })
        #expect(lines.prefix(2).allSatisfy { $0.allSatisfy { $0 == "█" } })
        #expect(lines.suffix(2).allSatisfy { $0.allSatisfy { $0 == "█" } })
        #expect(lines.allSatisfy { $0.prefix(4) == ["█", "█", "█", "█"] && $0.suffix(4) == ["█", "█", "█", "█"] })
        // A finder pattern begins in the corner: seven dark modules in its first row, five light ones below.
        #expect(lines[2][4...12] == [" ", "▄", "▄", "▄", "▄", "▄", " ", "█", lines[2][12]])
    }

    @Test func aLinkFitsATerminalOf80Columns() throws {
        #expect(try #require(QRCode(Self.uri)).width + 8 <= 80)
    }

    @Test func whatNoCodeHoldsHasNone() {
        #expect(QRCode(String(repeating: "x", count: 2_953)) != nil)
        #expect(QRCode(String(repeating: "x", count: 2_954)) == nil)
        #expect(QRCode("a\0b") == nil)
        #expect(QRCode("") == nil)
    }
}
