/// How much of one stanza a ``StreamParser`` is willing to build (RFC 6120 §13.12).
///
/// A stanza beyond the first three is read to its end without being built, and reported as
/// ``StreamEvent/oversized(_:)``: the server relays what any of its users writes, so ending the stream for it would let one user
/// disturb every host. Only ``streamBytes`` ends the stream.
public struct ParserLimits: Hashable, Sendable {
    /// Bytes of one stanza, from its first to its last.
    public var stanzaBytes: Int
    /// Elements inside each other, the stanza being the first.
    public var depth: Int
    /// Attributes of one element, namespace declarations not counted.
    public var attributes: Int
    /// Bytes after which an unfinished stanza ends the stream.
    public var streamBytes: Int

    public init(stanzaBytes: Int = 262_144, depth: Int = 32, attributes: Int = 64, streamBytes: Int = 8_388_608) {
        self.stanzaBytes = stanzaBytes
        self.depth = depth
        self.attributes = attributes
        self.streamBytes = streamBytes
    }
}
