import Text
import YAML

/// Checks a template as its author wrote it and reports what would fail, with its place: before swift-mustache reads
/// it, which ignores unknown names and recurses without a limit.
///
/// The dialect is variables, sections, inverted sections, comments and includes. Values are always escaped, whatever
/// the braces say, so that it remains to check that each is at a place where an escaped value is nothing but a value.
struct TemplateChecker {
    private let templates: Set<String>
    /// Whether there is a text of that key.
    private let hasText: (String) -> Bool

    private(set) var report: DiagnosticReport
    /// What it includes, how often at most, and inside which lists.
    private(set) var includes: [(name: String, times: Int, lists: Lists)] = []
    /// How many bytes it makes at most without what it includes, values not counted.
    private(set) var size = 0

    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var scanner = MarkupScanner()
    private var sections: [Section] = []

    /// The names that are known inside of lists, by the name of the list.
    typealias Lists = [String: [String: TemplateName]]

    /// The lists around the place where this one is included.
    private let outerLists: Lists

    private struct Section {
        var name: String
        var place: SourceMark
        var scanner: MarkupScanner
        var lists: Lists
        var times: Int
    }

    /// The prefix of the key of a text.
    private static let words = "words."
    static let largestFile = 262_144
    static let deepestNesting = 16
    /// Attributes whose value a browser navigates to or loads.
    private static let urlAttributes: Set<String> = [
        "href", "src", "action", "formaction", "poster", "cite", "data", "srcset", "manifest", "ping", "background",
    ]

    /// - Parameters:
    ///   - file: The path, for messages.
    ///   - lists: The lists inside of which it is included.
    ///   - templates: The names of all templates, which it may include.
    init(
        _ bytes: [UInt8], file: String, lists: Lists = [:], templates: Set<String>, hasText: @escaping (String) -> Bool
    ) {
        outerLists = lists
        report = DiagnosticReport(file: file)
        self.bytes = bytes
        self.templates = templates
        self.hasText = hasText
    }

    /// Reads to the end.
    mutating func check() {
        guard bytes.count <= Self.largestFile else {
            return add("the template is larger than \(Self.largestFile) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return add("the template is not UTF-8") }
        if let odd = text.unicodeScalars.first(where: { Sentinels.marks.contains($0) || $0.value == 0 }) {
            return add("U+\(String(odd.value, radix: 16, uppercase: true)) cannot be in a template")
        }
        // The library sees characters, and a browser does not: a brace with a combining mark would be two things.
        let braces: [Character] = ["{", "}"]
        guard text.count(where: braces.contains) == bytes.count(where: { $0 == 0x7B || $0 == 0x7D }) else {
            return add("a brace in it is followed by a combining character")
        }
        // The library would search for the second brace of a tag beyond the end.
        if bytes.last == UInt8(ascii: "{") { add("the template ends with an opening brace", at: nil) }
        while offset < bytes.count {
            if bytes[offset...].starts(with: "{{".utf8) { readTag() } else { readByte() }
        }
        if let section = sections.last {
            add("the section \(section.name.quoted) is not closed", at: section.place)
        } else if !scanner.isInContent, report.isEmpty {
            add("the template ends in the middle of a tag, an attribute or a comment")
        }
    }

    /// Leaves the rest, of which nothing can be said.
    private mutating func stop() {
        offset = bytes.count
        sections = []
    }

    private mutating func readByte() {
        let byte = bytes[offset]
        scanner.feed(byte)
        size = size.added(times)
        offset += 1
        if byte == UInt8(ascii: "\n") {
            line += 1
            lineStart = offset
        }
    }

    /// How often this place is repeated at most.
    private var times: Int { sections.last?.times ?? 1 }

    private var here: SourceMark {
        let column = bytes[lineStart..<offset].count { $0 & 0xC0 != 0x80 }
        return SourceMark(line: UInt32(clamping: line), column: UInt32(clamping: column + 1))
    }

    private mutating func readTag() {
        let place = here
        var start = offset + 2
        let sigil = start < bytes.count ? bytes[start] : 0
        let hasSigil = "#^/!>{&<$=%".utf8.contains(sigil)
        if hasSigil { start += 1 }
        let closing = Array((sigil == UInt8(ascii: "{") ? "}}}" : "}}").utf8)
        var end = start
        while end < bytes.count, !bytes[end...].starts(with: closing) {
            if bytes[end] == UInt8(ascii: "\n"), sigil != UInt8(ascii: "!") { break }
            end += 1
        }
        guard end < bytes.count, bytes[end...].starts(with: closing) else {
            add("the tag is not closed on its line", at: place)
            return stop()
        }
        let name = String(decoding: bytes[start..<end], as: UTF8.self).trimmingSpaces
        switch hasSigil ? sigil : 0 {
        case UInt8(ascii: "!"): break
        case UInt8(ascii: "#"), UInt8(ascii: "^"):
            open(name, isInverted: sigil == UInt8(ascii: "^"), at: place)
        case UInt8(ascii: "/"): close(name, next: end + 2 < bytes.count ? bytes[end + 2] : nil, at: place)
        case UInt8(ascii: ">"): include(name, at: place)
        case 0, UInt8(ascii: "{"), UInt8(ascii: "&"): use(name, at: place)
        default:
            add(
                "`\(String(Unicode.Scalar(sigil)))` tags are not supported: there are variables, sections, comments and includes",
                at: place)
        }
        // A comment can have lines.
        while offset < end + closing.count {
            if bytes[offset] == UInt8(ascii: "\n") {
                line += 1
                lineStart = offset + 1
            }
            offset += 1
        }
    }

    /// The lists around this place.
    private var lists: Lists { sections.last?.lists ?? outerLists }

    private func lookUp(_ name: String) -> TemplateName? {
        for names in lists.values {
            if let found = names[name] { return found }
        }
        return TemplateName.global[name]
    }

    private mutating func open(_ name: String, isInverted: Bool, at place: SourceMark) {
        var lists = lists
        var most = 1
        switch lookUp(name) {
        case .list(let names, let count)? where !isInverted:
            lists[name] = names
            most = count
        case nil: addUnknown(name, at: place)
        default: break
        }
        guard sections.count < Self.deepestNesting else {
            add("sections are nested more than \(Self.deepestNesting) deep", at: place)
            return stop()
        }
        sections.append(
            Section(
                name: name, place: place, scanner: scanner, lists: lists,
                times: times.multiplied(byAtMost: most)))
    }

    private mutating func close(_ name: String, next: UInt8?, at place: SourceMark) {
        guard let section = sections.popLast() else { return add("no section is open here", at: place) }
        if section.name != name {
            add("\(name.quoted) ends here, but the open section is \(section.name.quoted)", at: place)
        } else if !scanner.isAtSamePlace(as: section.scanner, before: next) {
            add(
                "the section \(name.quoted) ends at another place of the markup than it began, such as inside a tag",
                at: place)
        }
    }

    private mutating func include(_ name: String, at place: SourceMark) {
        guard templates.contains(name) else {
            let meant = Suggestion.closest(to: name, among: templates.sorted()).map { "; did you mean `\($0)`?" } ?? ""
            return add("there is no template \(name.quoted)\(meant)", at: place)
        }
        if !scanner.isInContent { add("an include can only stand among elements", at: place) }
        includes.append((name, times, lists))
    }

    private mutating func use(_ name: String, at place: SourceMark) {
        var isURL = false
        if name.hasPrefix(Self.words) {
            let key = String(name.dropFirst(Self.words.count))
            if !hasText(key) { add("there is no text \(key.quoted)", at: place) }
        } else {
            switch lookUp(name) {
            case .text?: break
            case .url?: isURL = true
            case .condition?: add("`\(name)` is a condition, and has nothing to be written", at: place)
            case .list?: add("`\(name)` is a list, and can only be a section", at: place)
            case nil: addUnknown(name, at: place)
            }
        }
        switch scanner.place {
        case .content, .plainContent: break
        case .attribute(let attribute, let isAtStart):
            if attribute.hasPrefix("on") || attribute == "style" || attribute == "srcdoc" {
                add("a value cannot be in the attribute \(attribute.quoted), where it would be code", at: place)
            } else if isAtStart, !isURL,
                Self.urlAttributes.contains(attribute.split(separator: ":").last.map(String.init) ?? attribute)
            {
                add("\(name.quoted) is no URL, and cannot begin the attribute \(attribute.quoted)", at: place)
            }
        case .unsafe(let reason): add("a value cannot stand \(reason)", at: place)
        }
        scanner.passValue()
    }

    private mutating func addUnknown(_ name: String, at place: SourceMark) {
        var known = Array(TemplateName.global.keys)
        for names in lists.values { known += names.keys }
        if name.isEmpty { return add("a tag needs a name", at: place) }
        let meant = Suggestion.closest(to: name, among: known.sorted()).map { "; did you mean `\($0)`?" } ?? ""
        add("there is no value \(name.quoted) here\(meant)", at: place)
    }

    private mutating func add(_ message: String, at place: SourceMark? = nil) {
        report.add(place ?? here, message)
    }
}

extension Int {
    /// The product of two numbers that are not negative, or the largest number.
    func multiplied(byAtMost other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The sum of two numbers that are not negative, or the largest number.
    func added(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        let start = firstIndex { $0 != " " && $0 != "\t" } ?? endIndex
        let end = lastIndex { $0 != " " && $0 != "\t" }.map(index(after:)) ?? start
        return String(self[start..<max(start, end)])
    }
}
