import YAML

/// The value of a host's key as a file holds it, in its canonical form.
package enum HostValue: Hashable, Sendable {
    case flag(Bool)
    case number(Int)
    case text(String)
    case list([String])
}

extension HostValue: CustomStringConvertible {
    /// The value in one line of YAML: `true`, `50`, `7d`, `[admin@a.example, admin@b.example]`.
    package var description: String { line(like: .none) }

    func line(like quotes: YAMLText.Quotes) -> String {
        switch self {
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): "\(number)"
        case .text(let text): YAMLText.scalar(text, like: quotes)
        case .list(let items): "[\(items.map { YAMLText.scalar($0, like: quotes) }.joined(separator: ", "))]"
        }
    }
}

extension HostValue {
    /// Whether both are the same to the byte. Swift's own equality takes different texts for one when Unicode does.
    func isSame(as other: HostValue?) -> Bool {
        switch (self, other) {
        case (.flag(let left), .flag(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)): left.elementsEqual(right) { $0.utf8.elementsEqual($1.utf8) }
        default: false
        }
    }

    /// The value as the reader would find it in a file.
    private var node: YAMLNode {
        func scalar(_ text: String, isPlain: Bool) -> YAMLNode {
            YAMLNode(mark: .start, content: .scalar(YAMLNode.Scalar(text: text, isPlain: isPlain)))
        }
        return switch self {
        case .flag, .number: scalar("\(self)", isPlain: true)
        case .text(let text): scalar(text, isPlain: false)
        case .list(let items):
            YAMLNode(mark: .start, content: .sequence(items.map { scalar($0, isPlain: false) }))
        }
    }

    /// The value in the form in which a file that holds it is read: addresses prepared, lists in order.
    ///
    /// - Throws: ``HostFileEditError`` when the key does not take it.
    func canonical(for key: HostKey) throws(HostFileEditError) -> HostValue {
        var report = DiagnosticReport(file: "")
        var settings = HostSettings()
        settings.read(key, from: node, report: &report)
        guard report.isEmpty, let value = settings.value(of: key) else {
            throw .badValue(key, report.sorted.first?.message ?? "`\(key)` does not take this")
        }
        return value
    }
}
