/// How much of one stanza a ``StreamParser`` is willing to build (RFC 6120 §13.12).
///
/// A stanza beyond a limit is read to its end without being built, and reported as ``StreamEvent/refused(_:)``: the
/// server relays what any of its users writes, so ending the stream for it would let one user disconnect every host.
/// Only ``skippedBytes`` ends the stream.
package struct ParserLimits: Hashable, Sendable {
    /// Bytes of one stanza, from its first to its last.
    package var stanzaBytes: Int
    /// Elements inside each other, the stanza being the first.
    package var depth: Int
    /// Attributes of one element, namespace declarations included. libxml2 compares each with all before it.
    package var attributes: Int
    /// Elements of one stanza in all: each takes a dozen times the memory of the bytes it can be written with.
    package var elements: Int
    /// Bytes of a stanza's own start tag, and of the stream's, up to which it is read even where the stanza is refused:
    /// without its addresses there is no answer. What a server makes of its largest stanza can be six times as long.
    package var addressBytes: Int
    /// Attributes up to which a stanza's own start tag is read even where the stanza is refused.
    package var addressAttributes: Int
    /// Bytes after which an unfinished stanza ends the stream.
    package var skippedBytes: Int

    package init(
        stanzaBytes: Int = 262_144, depth: Int = 32, attributes: Int = 64, elements: Int = 512,
        addressBytes: Int = 262_144, addressAttributes: Int = 512, skippedBytes: Int = 67_108_864
    ) {
        self.stanzaBytes = stanzaBytes
        self.depth = depth
        self.attributes = attributes
        self.elements = elements
        self.addressBytes = addressBytes
        self.addressAttributes = addressAttributes
        self.skippedBytes = skippedBytes
    }
}
