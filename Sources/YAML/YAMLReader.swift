/// Reads one YAML file into located nodes, from libyaml's events.
///
/// Features that this configuration does not use are refused with their places: anchors, aliases, tags and further
/// documents. So no file can expand to more than it holds, and the limits below suffice to bound the cost of any file.
package enum YAMLReader {
    package static let largestFile = 1_048_576
    package static let deepestNesting = 32
    package static let mostNodes = 100_000

    /// Reads the only document of a file. A file without one is a null.
    ///
    /// - Returns: `nil` when the text cannot be read to its end; `report` then says why.
    package static func read(_ bytes: [UInt8], report: inout DiagnosticReport) -> YAMLNode? {
        // With the encoding given, libyaml leaves a byte order mark to us.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        if let problem = EncodingProblem(in: bytes[start...]) {
            report.add(problem.mark, problem.message)
            return nil
        }
        return bytes.withUnsafeBufferPointer { buffer in
            let text = UnsafeBufferPointer(rebasing: buffer[start...])
            let parser = EventParser(text: text)
            return readDocument(from: parser, report: &report)
        }
    }

    private static func readDocument(
        from parser: borrowing EventParser, report: inout DiagnosticReport
    ) -> YAMLNode? {
        var tree = YAMLTree()
        while true {
            switch parser.next() {
            case .end:
                return tree.root ?? YAMLNode(mark: .start, content: .scalar(.init(text: "", isPlain: true)))
            case .document(let mark, _):
                guard tree.root == nil else {
                    report.add(mark, "a second document begins here; a file holds one, so split it into files")
                    return nil
                }
            case .problem(let problem):
                report.add(problem.mark, problem.message)
                return nil
            case .node(let event):
                guard tree.add(event, report: &report) else { return nil }
            case .documentEnd, .other:
                break
            }
        }
    }
}
