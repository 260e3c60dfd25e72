internal import CLibQREncode
internal import Glibc

/// A text as a QR code (ISO/IEC 18004), drawn by libqrencode.
package struct QRCode: Sendable {
    /// Modules in a row, and rows.
    package let width: Int
    /// Row by row, whether a module is dark.
    let modules: [Bool]

    /// The smallest code that holds the text's UTF-8. It has the lowest level of error correction, which makes it small
    /// enough for a terminal and a phone: a screen is neither torn nor stained.
    ///
    /// - Returns: `nil` when no code can hold the text, which has 2,953 bytes at most.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        // The lowest bit of each byte is the module; there are width × width bytes.
        guard width > 0, let data = code.pointee.data else { return nil }
        modules = UnsafeBufferPointer(start: data, count: width * width).map { $0 & 1 == 1 }
    }

    func isDark(_ row: Int, _ column: Int) -> Bool {
        guard (0..<width).contains(row), (0..<width).contains(column) else { return false }
        return modules[row * width + column]
    }

    /// Modules of light around the code (ISO/IEC 18004 §6.3.8).
    package static let quietZone = 4

    /// Lines of `▀`, `▄`, `█` and spaces, two modules high each, with the quiet zone around the code. The blocks are
    /// its light parts; for a terminal with dark text on a light ground the colours have to be set.
    package var halfBlocks: String {
        var lines: [String] = []
        for row in stride(from: -Self.quietZone, to: width + Self.quietZone, by: 2) {
            var line = ""
            for column in -Self.quietZone..<width + Self.quietZone {
                switch (isDark(row, column), isDark(row + 1, column)) {
                case (false, false): line += "█"
                case (false, true): line += "▀"
                case (true, false): line += "▄"
                case (true, true): line += " "
                }
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
