import Text

/// Builds nodes from events without recursion.
struct YAMLTree {
    private(set) var root: YAMLNode?
    private var open: [OpenCollection] = []
    private var nodes = 0

    private struct OpenCollection {
        let mark: SourceMark
        let isMapping: Bool
        /// The values so far; in a mapping, keys and values in turn.
        var items: [YAMLNode] = []

        var node: YAMLNode {
            guard isMapping else { return YAMLNode(mark: mark, content: .sequence(items)) }
            let entries = stride(from: 0, to: items.count - 1, by: 2).map { index in
                YAMLNode.Entry(key: items[index], value: items[index + 1])
            }
            return YAMLNode(mark: mark, content: .mapping(entries))
        }
    }

    /// - Returns: `false` when a limit is reached and reading has to end.
    mutating func add(_ event: YAMLNodeEvent, report: inout DiagnosticReport) -> Bool {
        if let anchor = event.anchor {
            report.add(event.mark, "anchors are not supported: leave \("&\(anchor)".quoted) out")
        }
        if let tag = event.tag {
            let written = tag.replacing("tag:yaml.org,2002:", with: "!!", maxReplacements: 1)
            report.add(event.mark, "tags are not supported: leave \(written.quoted) out")
        }
        switch event.kind {
        case .scalar(let scalar):
            let content: YAMLNode.Content = event.tag == nil ? .scalar(scalar) : .refused
            return place(YAMLNode(mark: event.mark, content: content), report: &report)
        case .alias:
            report.add(event.mark, "aliases are not supported: write the value out")
            return place(YAMLNode(mark: event.mark, content: .refused), report: &report)
        case .sequenceStart:
            return begin(OpenCollection(mark: event.mark, isMapping: false), report: &report)
        case .mappingStart:
            return begin(OpenCollection(mark: event.mark, isMapping: true), report: &report)
        case .collectionEnd:
            guard let closed = open.popLast() else { return true }
            return place(closed.node, report: &report)
        }
    }

    private mutating func begin(_ collection: OpenCollection, report: inout DiagnosticReport) -> Bool {
        guard open.count < YAMLReader.deepestNesting else {
            report.add(collection.mark, "nested more than \(YAMLReader.deepestNesting) levels deep")
            return false
        }
        open.append(collection)
        return true
    }

    private mutating func place(_ node: YAMLNode, report: inout DiagnosticReport) -> Bool {
        nodes += 1
        guard nodes <= YAMLReader.mostNodes else {
            report.add(node.mark, "more than \(YAMLReader.mostNodes) values in one file")
            return false
        }
        if open.isEmpty {
            root = node
        } else {
            open[open.count - 1].items.append(node)
        }
        return true
    }
}
