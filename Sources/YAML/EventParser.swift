import CLibYAML

/// A running libyaml parser over a text that outlives it.
package struct EventParser: ~Copyable {
    package enum Event {
        /// A document begins; `start` is where its `---` ends, in characters, if it has that.
        case document(SourceMark, start: Int?)
        /// Where the document ends, in characters: at its `...` or where there is no more.
        case documentEnd(Int)
        case node(YAMLNodeEvent)
        case other
        case end
        case problem(YAMLProblem)
    }

    // libyaml keeps pointers into the parser itself, so it must not move.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeBufferPointer<UInt8>
    /// The last place that is in the text: libyaml ends a last line that has no end, and can then be on the next one.
    private let end: SourceMark
    private let isReady: Bool

    package init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        end = text.last == UInt8(ascii: "\n") ? SourceMark(line: .max, column: .max) : SourceMark(after: text)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        isReady = yaml_parser_initialize(parser) == 1
        if isReady {
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, text.baseAddress, text.count)
        }
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deinitialize(count: 1)
        parser.deallocate()
    }

    package borrowing func next() -> Event {
        var event = yaml_event_t()
        guard isReady, yaml_parser_parse(parser, &event) == 1 else {
            return .problem(YAMLProblem(parser.pointee, text: text, end: end))
        }
        defer { yaml_event_delete(&event) }
        let mark = min(SourceMark(event.start_mark), end)
        let start = Int(clamping: event.start_mark.index)
        let span = start..<max(start, Int(clamping: event.end_mark.index))
        switch event.type {
        case YAML_STREAM_END_EVENT: return .end
        case YAML_DOCUMENT_START_EVENT:
            return .document(mark, start: event.data.document_start.implicit == 0 ? span.upperBound : nil)
        case YAML_DOCUMENT_END_EVENT: return .documentEnd(span.lowerBound)
        case YAML_ALIAS_EVENT: return .node(YAMLNodeEvent(kind: .alias, mark: mark, span: span))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return .node(YAMLNodeEvent(kind: .collectionEnd, mark: mark, span: span))
        case YAML_SEQUENCE_START_EVENT:
            let data = event.data.sequence_start
            return .node(
                YAMLNodeEvent(
                    kind: .sequenceStart, mark: mark, span: span, anchor: String(yaml: data.anchor),
                    tag: String(yaml: data.tag)))
        case YAML_MAPPING_START_EVENT:
            let data = event.data.mapping_start
            return .node(
                YAMLNodeEvent(
                    kind: .mappingStart, mark: mark, span: span, anchor: String(yaml: data.anchor),
                    tag: String(yaml: data.tag)))
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            let bytes = UnsafeBufferPointer(start: data.value, count: data.length)
            let scalar = YAMLNode.Scalar(
                text: String(decoding: bytes, as: UTF8.self), isPlain: data.style == YAML_PLAIN_SCALAR_STYLE)
            return .node(
                YAMLNodeEvent(
                    kind: .scalar(scalar), mark: mark, span: span, anchor: String(yaml: data.anchor),
                    tag: String(yaml: data.tag)))
        default: return .other
        }
    }
}

extension String {
    fileprivate init?(yaml text: UnsafeMutablePointer<yaml_char_t>?) {
        guard let text else { return nil }
        self.init(cString: text)
    }
}

extension SourceMark {
    init(_ mark: yaml_mark_t) {
        self.init(line: UInt32(clamping: mark.line &+ 1), column: UInt32(clamping: mark.column &+ 1))
    }
}
