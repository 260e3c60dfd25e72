/// How much of one stanza a ``StreamParser`` is willing to build (RFC 6120 §13.12).
///
/// A stanza beyond the first four is read to its end without being built, and reported as
/// ``StreamEvent/oversized(_:)``: the server relays what any of its users writes, so ending the stream for it would let
/// one user disturb every host. Only ``streamBytes`` and ``tagBytes`` end the stream.
public struct ParserLimits: Hashable, Sendable {
    /// Bytes of one stanza, from its first to its last.
    public var stanzaBytes: Int
    /// Elements inside each other, the stanza being the first.
    public var depth: Int
    /// Attributes of one element, namespace declarations not counted.
    public var attributes: Int
    /// Elements of one stanza in all: each takes a dozen times the memory of the bytes it can be written with.
    public var elements: Int
    /// Bytes after which an unfinished stanza ends the stream.
    public var streamBytes: Int
    /// Bytes after which an unfinished tag ends the stream. libxml2 reads a tag whole and compares each attribute with
    /// all before it, which takes minutes for some megabytes. It must be more than what a server makes of its largest
    /// stanza, often 256 KiB, by writing six bytes for each apostrophe.
    public var tagBytes: Int

    public init(
        stanzaBytes: Int = 262_144, depth: Int = 32, attributes: Int = 64, elements: Int = 512,
        streamBytes: Int = 8_388_608, tagBytes: Int = 2_097_152
    ) {
        self.stanzaBytes = stanzaBytes
        self.depth = depth
        self.attributes = attributes
        self.elements = elements
        self.streamBytes = streamBytes
        self.tagBytes = tagBytes
    }
}
