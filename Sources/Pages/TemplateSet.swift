internal import Mustache
internal import Text
internal import YAML

/// The templates that pages are made from, checked.
struct TemplateSet: Sendable {
    private let library: MustacheLibrary

    /// A template as it was found.
    struct Source: Hashable {
        /// Without `.mustache`.
        var name: String
        /// For messages.
        var file: String
        var bytes: [UInt8]
    }

    /// More than a page needs.
    static let largestPage = 4_194_304

    /// The built-in templates, with some replaced or added.
    ///
    /// - Parameter sources: Replacements for templates of the same names, or templates that those include.
    /// - Throws: ``PageFileErrors`` with every mistake in all of them.
    init(replacing sources: [Source] = [], hasText: @escaping (String) -> Bool) throws(PageFileErrors) {
        var byName: [String: Source] = [:]
        for source in Self.embedded + sources { byName[source.name] = source }
        let names = Set(byName.keys)
        var diagnostics: [Diagnostic] = []
        var checked: [String: TemplateChecker] = [:]
        var templates: [String: MustacheTemplate] = [:]
        for source in byName.values.sorted(by: { $0.name < $1.name }) {
            var checker = TemplateChecker(
                source.bytes, file: source.file, lists: TemplateName.allLists, templates: names, hasText: hasText)
            checker.check()
            guard checker.report.isEmpty else {
                diagnostics += checker.report.sorted
                continue
            }
            checked[source.name] = checker
            do {
                templates[source.name] = try Self.parse(source.bytes)
            } catch {
                // The checker is stricter than the library, as far as is known.
                diagnostics.append(Self.diagnostic(of: error, in: source.file))
            }
        }
        if diagnostics.isEmpty { diagnostics = Self.endlessIncludes(among: checked, sources: byName) }
        if diagnostics.isEmpty {
            diagnostics = Self.strayNames(among: byName, templates: names, hasText: hasText)
        }
        guard diagnostics.isEmpty else { throw PageFileErrors(diagnostics: diagnostics.sorted()) }
        library = MustacheLibrary(templates: templates)
    }

    /// A template's output.
    func render(_ template: PageTemplate, _ values: [String: Any]) -> String {
        library.render(values, withTemplate: template.rawValue) ?? ""
    }

    /// What the library makes of a template.
    static func parse(_ bytes: [UInt8]) throws -> MustacheTemplate {
        try MustacheTemplate(string: withoutIndentation(bytes))
    }

    /// Removes indentation, which only authors of templates need. Where white space is significant, it stays.
    private static func withoutIndentation(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard !text.contains("<pre"), !text.contains("<textarea") else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: true)
            .map { $0.drop { $0 == " " || $0 == "\t" } }
            .filter { !$0.isEmpty }
            .joined(separator: "\n") + (text.hasSuffix("\n") ? "\n" : "")
    }

    private static func diagnostic(of error: any Error, in file: String) -> Diagnostic {
        guard let error = error as? MustacheTemplate.ParserError else {
            return Diagnostic(
                location: SourceLocation(file: file, line: 1, column: 1), message: "\(error)".escapingControls)
        }
        let place = SourceLocation(file: file, line: error.context.lineNumber, column: error.context.columnNumber)
        return Diagnostic(location: place, message: "the template cannot be read: \(error.error)".escapingControls)
    }

    /// What includes itself, or makes more than a page can be.
    private static func endlessIncludes(
        among checked: [String: TemplateChecker], sources: [String: Source]
    ) -> [Diagnostic] {
        var sizes: [String: Int] = [:]
        var open: [String] = []
        var diagnostics: [Diagnostic] = []

        func size(of name: String) -> Int {
            if let size = sizes[name] { return size }
            guard let checker = checked[name], let source = sources[name] else { return 0 }
            let start = SourceLocation(file: source.file, line: 1, column: 1)
            guard !open.contains(name) else {
                let circle = open.drop { $0 != name } + [name]
                diagnostics.append(
                    Diagnostic(
                        location: start, message: "the template includes itself: \(circle.joined(separator: " > "))"))
                sizes[name] = 0
                return 0
            }
            open.append(name)
            var total = checker.size
            for (included, times, _) in checker.includes {
                total = total.added(size(of: included).multiplied(byAtMost: times))
            }
            open.removeLast()
            if sizes[name] == nil, total > largestPage {
                diagnostics.append(
                    Diagnostic(
                        location: start,
                        message:
                            "a page of this template could be larger than \(largestPage) bytes: its lists repeat too much"
                    ))
                total = 0
            }
            sizes[name] = total
            return total
        }

        for name in checked.keys.sorted() { _ = size(of: name) }
        return diagnostics
    }

    /// Names of a list's items that are used outside of that list, which is only seen where all includes are known to end.
    private static func strayNames(
        among sources: [String: Source], templates: Set<String>, hasText: @escaping (String) -> Bool
    ) -> [Diagnostic] {
        struct Use: Hashable {
            var name: String
            var lists: Set<String>
        }
        var seen: Set<Use> = []
        var waiting: [(name: String, lists: TemplateChecker.Lists)] = PageTemplate.allCases.map { ($0.rawValue, [:]) }
        var diagnostics: Set<Diagnostic> = []
        while let (name, lists) = waiting.popLast() {
            guard seen.insert(Use(name: name, lists: Set(lists.keys))).inserted, let source = sources[name] else {
                continue
            }
            var checker = TemplateChecker(
                source.bytes, file: source.file, lists: lists, templates: templates, hasText: hasText)
            checker.check()
            diagnostics.formUnion(checker.report.sorted)
            waiting += checker.includes.map { ($0.name, $0.lists) }
        }
        return diagnostics.sorted()
    }
}
