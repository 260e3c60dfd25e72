/// A text that must not be printed by accident: descriptions, dumps and mirrors show `<redacted>`.
public struct Secret: Hashable, Sendable {
    /// The text itself. Never log it.
    public let revealed: String

    public init(_ text: String) {
        revealed = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
