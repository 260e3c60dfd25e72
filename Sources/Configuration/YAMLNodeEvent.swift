/// The part of libyaml's events that makes up nodes.
struct YAMLNodeEvent {
    enum Kind {
        case scalar(YAMLNode.Scalar)
        case alias
        case sequenceStart
        case mappingStart
        case collectionEnd
    }

    let kind: Kind
    let mark: SourceMark
    /// From its first character to its last, counted from the beginning of the text.
    let span: Range<Int>
    var anchor: String?
    var tag: String?
}
