/// A text that must not be printed by accident: descriptions, dumps and mirrors show `<redacted>`.
package struct Secret: Hashable, Sendable {
    /// The text itself. Never log it.
    package let revealed: String

    package init(_ text: String) {
        revealed = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
