/// The part of libyaml's events that makes up nodes.
package struct YAMLNodeEvent {
    package enum Kind {
        case scalar(YAMLNode.Scalar)
        case alias
        case sequenceStart
        case mappingStart
        case collectionEnd
    }

    package let kind: Kind
    package let mark: SourceMark
    /// From its first character to its last, counted from the beginning of the text.
    package let span: Range<Int>
    package var anchor: String?
    package var tag: String?
}
