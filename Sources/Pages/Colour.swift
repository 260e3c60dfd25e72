internal import Glibc

/// A colour in sRGB, and the contrast between two (WCAG 2.2).
struct Colour: Hashable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    /// Reads `#rrggbb`, or the same without `#`.
    init?(_ text: some StringProtocol) {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "#") { digits.removeFirst() }
        guard digits.count == 6, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        self.init(value)
    }

    init(_ value: UInt32) {
        red = UInt8(truncatingIfNeeded: value >> 16)
        green = UInt8(truncatingIfNeeded: value >> 8)
        blue = UInt8(truncatingIfNeeded: value)
    }

    static let white = Colour(0xFF_FFFF)
    static let black = Colour(0x00_0000)

    /// `rrggbb`.
    var digits: String {
        let bytes = [red, green, blue].flatMap { [Markup.hexDigit($0 >> 4), Markup.hexDigit($0 & 15)] }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// `#rrggbb`.
    var css: String { "#\(digits)" }

    /// The relative luminance (WCAG 2.2, "relative luminance"), 0 to 1.
    var luminance: Double {
        func linear(_ channel: UInt8) -> Double {
            let value = Double(channel) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// The contrast ratio of two colours, 1 to 21.
    func contrast(with other: Colour) -> Double {
        let (left, right) = (luminance, other.luminance)
        return (max(left, right) + 0.05) / (min(left, right) + 0.05)
    }

    /// Black or white, whichever is read better on it: at least 4.58 to 1, since no colour is further from both.
    var ink: Colour { contrast(with: .white) >= contrast(with: .black) ? .white : .black }

    /// The part `share`, 0 to 1, of the way to another colour.
    func mixed(with other: Colour, share: Double) -> Colour {
        func mix(_ from: UInt8, _ to: UInt8) -> UInt8 {
            UInt8(clamping: Int((Double(from) + (Double(to) - Double(from)) * share).rounded()))
        }
        var mixed = self
        (mixed.red, mixed.green, mixed.blue) = (mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
        return mixed
    }

    /// The colour, moved as little as needed towards black or white until it is read on all of these grounds.
    func readable(on grounds: [Colour], ratio: Double) -> Colour {
        let isDark = (grounds.first ?? .white).luminance < 0.18
        for step in 0...50 {
            let candidate = mixed(with: isDark ? .white : .black, share: Double(step) / 50)
            if grounds.allSatisfy({ candidate.contrast(with: $0) >= ratio }) { return candidate }
        }
        return isDark ? .white : .black
    }
}
