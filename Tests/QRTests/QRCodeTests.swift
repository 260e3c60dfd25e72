import Foundation
import QR
import Testing

/// Codes are read back by another library than the one that draws them (ZBar).
@Suite(.timeLimit(.minutes(5))) struct QRCodeTests {
    private static let uri = "xmpp:alice@example.com?roster;preauth=0aVhb1Dm4XHqGZmSx6yCzUkQfLw"

    /// What ZBar reads where the terminal shows the lines light on dark.
    private func read(_ halfBlocks: String) throws -> String {
        let lines = halfBlocks.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(Set(lines.map(\.count)).count == 1, "lines of different length")
        let rows = lines.flatMap { line in ["█▀", "█▄"].map { light in line.map { light.contains($0) } } }
        let size = 4
        let pixels = rows.flatMap { row in
            let line = row.flatMap { light in repeatElement(light ? 255 : 0, count: size) as Repeated<UInt8> }
            return repeatElement(line, count: size).joined()
        }
        let image = FileManager.default.temporaryDirectory.appending(path: "invited-\(UUID()).pgm")
        defer { try? FileManager.default.removeItem(at: image) }
        let header = "P5 \(rows[0].count * size) \(rows.count * size) 255\n"
        try Data(header.utf8 + pixels).write(to: image)

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/zbarimg")
        process.arguments = ["--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", image.path]
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: complaints, as: UTF8.self))")
        // One code, one line.
        return String(decoding: text.last == UInt8(ascii: "\n") ? text.dropLast() : text, as: UTF8.self)
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

    /// The dark modules of an image are those of the terminal's drawing.
    @Test func anImageHasTheSameModules() throws {
        let code = try #require(QRCode(Self.uri))
        let side = code.width + 8
        let svg = String(decoding: code.svg, as: UTF8.self)
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\""))
        var dark: Set<[Int]> = []
        for run in svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
            let (column, row, length) = (Int(run.1) ?? 0, Int(run.2) ?? 0, Int(run.3) ?? 0)
            #expect(run.3 == run.4)
            for offset in 0..<length { dark.insert([row, column + offset]) }
        }
        var drawn: Set<[Int]> = []
        for (row, line) in code.halfBlocks.split(separator: "\n").enumerated() {
            for (column, block) in line.enumerated() {
                if block == "▄" || block == " " { drawn.insert([2 * row, column]) }
                if block == "▀" || block == " " { drawn.insert([2 * row + 1, column]) }
            }
        }
        #expect(dark == drawn.filter { $0[0] < side } && dark.count > 300)
        #expect(svg.utf8.count < 8000)
    }
}
