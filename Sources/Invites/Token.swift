/// The secret of an invite: knowing it suffices to use the invite.
///
/// A token consists of ASCII letters and digits only, because clients put it into links as it is and some do not decode
/// percent signs there. It never prints by accident: only ``text`` exposes it.
package struct Token: Hashable, Sendable {
    /// The secret itself, `[A-Za-z0-9]`.
    package let text: String

    /// Accepts a token from external input.
    ///
    /// - Returns: `nil` unless `text` has 8 to 64 characters, all of `[A-Za-z0-9]`.
    package init?(_ text: String) {
        guard (8...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    private init(validText: String) {
        text = validText
    }

    /// Draws a new token: 7 characters that count the milliseconds, then 22 that are drawn, each of the 62 equally
    /// likely: 130 bits.
    ///
    /// Tokens that are made one after the other sort that way (in ASCII, until the year 2081). A store that keeps them
    /// in order, as every index does, then adds new ones at one place instead of all over: with purely random ones each
    /// costs a page of its own to write. UUIDs of version 7 do the same (RFC 9562 §5.7). The time is no secret to those
    /// who hold the link.
    ///
    /// - Parameters:
    ///   - now: The time of the invite.
    ///   - generator: A cryptographically secure source, such as `SystemRandomNumberGenerator`. Three 64-bit words are
    ///     drawn from it, rarely more.
    package static func random(at now: Timestamp, using generator: inout some RandomNumberGenerator) -> Token {
        let text = String(unsafeUninitializedCapacity: timeLength + randomLength) { buffer in
            var digits = UInt64(bitPattern: now.millisecondsSinceEpoch)
            for index in (0..<timeLength).reversed() {
                buffer[index] = letter(UInt8(truncatingIfNeeded: digits % 62))
                digits /= 62
            }
            for index in 0..<randomLength {
                if index % 8 == 0 {
                    // 62^8: eight digits to the base of 62. Words that would favour some of them are rejected.
                    digits = generator.next(upperBound: 218_340_105_584_896)
                }
                buffer[timeLength + index] = letter(UInt8(truncatingIfNeeded: digits % 62))
                digits /= 62
            }
            return timeLength + randomLength
        }
        return Token(validText: text)
    }

    static let timeLength = 7
    static let randomLength = 22

    private static func letter(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<10: UInt8(ascii: "0") + digit
        case 10..<36: UInt8(ascii: "A") + (digit - 10)
        default: UInt8(ascii: "a") + (digit - 36)
        }
    }

    static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

extension Token: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `[token]`, whatever the token is.
    package var description: String { "[token]" }
    /// `[token]`, whatever the token is.
    package var debugDescription: String { description }
    /// A mirror without children, so that `dump` and string interpolation of what holds a token are silent too.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
