import Access
import Control
import Foundation
import Shell

/// A file of Tests/Transcripts: what operators type, and the answers.
///
/// - `# …` is a comment.
/// - `@ file PATH` writes a file of the configuration, with the lines after it that begin with `| `. Those before the
///   first command are there when the daemon starts.
/// - `@ remove PATH` removes one.
/// - `@ as ROLE [of HOST, HOST]` sets the role of the caller from here on, `… and ROLE of HOST` with another role
///   elsewhere. The default is an admin of all hosts.
/// - `@ columns NUMBER` is the width of the terminal from here on, by default 100; a larger one keeps values of varying
///   length, such as numbers of processes, from changing where lines break.
/// - `> LINE` is a command, in which `<hash>` is the last one that was shown. What follows, up to the next of these, is what people see in their terminal.
/// - `? QUESTION => ANSWER` in it is a question, with the answer that is given. `? edit NAME` is a text that is edited,
///   which becomes the lines after it that begin with `| `.
///
/// A line that begins with `~ ` may be missing. Spaces count as one. Words in angle brackets stand for what differs
/// each time; see ``forms``.
struct Transcript {
    enum Step {
        /// What only people read.
        case note(String)
        case write(path: String, text: String)
        case remove(path: String)
        case become(name: String, AccessRights)
        case widen(columns: Int)
        case run(line: String, expected: [String])
    }

    let name: String
    private(set) var steps: [Step] = []

    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Transcripts").path

    /// All there are.
    static func all() throws -> [Transcript] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".txt") }.sorted().map {
            try Transcript(name: $0, text: String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8))
        }
    }

    struct Mistake: Error { let line: String }

    init(name: String, text: String) throws {
        self.name = name
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        while let line = lines.popFirst() {
            if line.hasPrefix("> ") {
                var expected = Self.take(&lines) { !["> ", "@ ", "# "].contains($0.prefix(2)) && $0 != "#" }
                while expected.last == "" { expected.removeLast() }
                steps.append(.run(line: String(line.dropFirst(2)), expected: expected))
            } else if line.hasPrefix("@ file ") {
                let text = Self.take(&lines) { $0.hasPrefix("|") }.map { $0.dropFirst(2) + "\n" }.joined()
                steps.append(.write(path: String(line.dropFirst(7)), text: text))
            } else if line.hasPrefix("@ remove ") {
                steps.append(.remove(path: String(line.dropFirst(9))))
            } else if line.hasPrefix("@ as ") {
                let name = String(line.dropFirst(5))
                steps.append(.become(name: name, try Self.access(name)))
            } else if line.hasPrefix("@ columns "), let columns = Int(line.dropFirst(10)) {
                steps.append(.widen(columns: columns))
            } else if line.isEmpty || line.hasPrefix("#") {
                steps.append(.note(line))
            } else {
                throw Mistake(line: "\(name): \(line)")
            }
        }
    }

    private static func take(_ lines: inout ArraySlice<String>, while isWanted: (String) -> Bool) -> [String] {
        let taken = lines.prefix(while: isWanted)
        lines = lines.dropFirst(taken.count)
        return Array(taken)
    }

    /// `operator of a.example, *.b.example and viewer of c.example`.
    private static func access(_ text: String) throws -> AccessRights {
        var access: AccessRights?
        for part in text.components(separatedBy: " and ") {
            let words = part.components(separatedBy: " of ")
            guard let role = Role(rawValue: words[0]), words.count <= 2 else { throw Mistake(line: text) }
            let hosts = words.count == 2 ? HostScope.some(Set(words[1].components(separatedBy: ", "))) : .all
            let one = AccessRights(role, on: hosts)
            access = access?.union(one) ?? one
        }
        return access ?? AccessRights(.viewer, on: .some([]))
    }

    /// The files that are there when the daemon starts, by their paths.
    var files: [(path: String, text: String)] {
        var files: [(path: String, text: String)] = []
        for step in steps {
            if case .run = step { break }
            if case .write(let path, let text) = step { files.append((path, text)) }
        }
        return files
    }

    /// The commands that are typed.
    var lines: [String] { steps.compactMap { if case .run(let line, _) = $0 { line } else { nil } } }

    // MARK: Comparing

    /// The placeholders for what differs each time, and the patterns for it. `<directory>` is where the files are.
    static let forms = [
        "time": #"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{3})?)?Z"#, "hash": "[0-9a-f]{12,16}",
        "token": "[A-Za-z0-9]{29}", "number": #"\d+"#, "version": #"\d+\.\d+\.\d+"#,
        "user": "[A-Za-z0-9_.-]+",
        "port": #"\d{1,5}"#,
        "connection":
            #"(connecting to|waiting for) 127\.0\.0\.1:\d+(: the server did not finish the handshake in time)?"#,
        "state": "connecting|waiting",
        "trouble": "(; the last trouble was: the server did not finish the handshake in time)?",
    ]

    /// A line without what does not count.
    static func normal(_ line: String, _ directory: String) -> String {
        line.replacing(directory, with: "<directory>").split(separator: " ").joined(separator: " ")
    }

    /// Whether lines, normal, are what was expected.
    static func matches(_ lines: [String], _ expected: [String]) throws -> Bool {
        let regex = expected.map { line in
            line.hasPrefix("~ ") ? "(?:\(Self.pattern(String(line.dropFirst(2)))))?" : Self.pattern(line)
        }.joined()
        let text = lines.map { $0 + "\n" }.joined()
        let whole = NSRange(text.startIndex..., in: text)
        let match = try NSRegularExpression(pattern: "\\A(?:\(regex))\\z").firstMatch(in: text, range: whole)
        return match != nil
    }

    private static func pattern(_ expected: String) -> String {
        var pattern = ""
        var rest = normal(expected, "<directory>")[...]
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            pattern += NSRegularExpression.escapedPattern(for: String(rest[..<start]))
            let form = forms[String(rest[rest.index(after: start)..<end])]
            pattern += form.map { "(?:\($0))" } ?? NSRegularExpression.escapedPattern(for: String(rest[start...end]))
            rest = rest[rest.index(after: end)...]
        }
        return pattern + NSRegularExpression.escapedPattern(for: String(rest)) + "\n"
    }

    /// What is not as expected; `nil` when all is.
    static func difference(_ actual: [String], _ expected: [String], _ directory: String) throws -> String? {
        let actual = actual.map { normal($0, directory) }
        return try matches(actual, expected)
            ? nil : "expected:\n\(expected.joined(separator: "\n"))\nanswered:\n\(actual.joined(separator: "\n"))"
    }
}
