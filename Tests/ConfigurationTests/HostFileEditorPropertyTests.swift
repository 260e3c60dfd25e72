import TestSupport
import Testing
import XMPP

@testable import Configuration

/// An edit of any file changes the bytes that it is to change and no others.
@Suite struct HostFileEditorPropertyTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>) func oneKeyChangesWithinItsValue(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var (replaced, added, removed) = (0, 0, 0)
        for _ in 0..<400 {
            let file = RandomHostFile(using: &random)
            let key = HostKey.allCases.filter { $0 != .host }.randomElement(using: &random) ?? .siteName
            let change: HostValue? = Int.random(in: 0..<8, using: &random) == 0 ? nil : randomValue(of: key, &random)
            let new: [UInt8]
            do {
                new = try HostFileEditor.edit(file.bytes, file: "a.example.yaml", changes: [key: change])
            } catch {
                Issue.record("\(error) \(key) \(String(describing: change)) \(file.text)")
                continue
            }
            let note = Comment(rawValue: "\(key) \(String(describing: change)) \(file.text) -> \(text(new))")
            if let range = file.ranges[key] {
                let allowed = change == nil ? file.lines[key] ?? range : range
                #expect(new.starts(with: file.bytes[..<allowed.lowerBound]), note)
                #expect(new.suffix(file.bytes.count - allowed.upperBound) == file.bytes[allowed.upperBound...], note)
                #expect(new.count >= file.bytes.count - allowed.count, note)
                if change == nil { removed += 1 } else { replaced += 1 }
            } else if change == nil {
                #expect(new == file.bytes, note)
            } else {
                // One piece more, and it is on a line of its own or in the braces.
                let same = zip(new, file.bytes).prefix { $0 == $1 }.count
                let piece = new[same..<same + new.count - file.bytes.count]
                #expect(Array(new[..<same] + new[piece.endIndex...]) == file.bytes, note)
                #expect(!piece.isEmpty, note)
                added += 1
            }
        }
        #expect(replaced > 50 && added > 50 && removed > 5)
    }

    @Test(arguments: 11...14 as ClosedRange<UInt64>) func manyKeysLeaveTheCommentsAlone(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<400 {
            let file = RandomHostFile(using: &random)
            var changes: [HostKey: HostValue?] = [:]
            for key in HostKey.allCases where key != .host && Bool.random(using: &random) {
                changes[key] = Bool.random(using: &random) ? randomValue(of: key, &random) : .some(nil)
            }
            let new: [UInt8]
            do {
                new = try HostFileEditor.edit(file.bytes, file: "a.example.yaml", changes: changes)
            } catch {
                Issue.record("\(error) \(changes) \(file.text)")
                continue
            }
            let note = Comment(rawValue: "\(changes) \(file.text) -> \(text(new))")
            // The editor has read the text again itself; this is an independent check.
            for (key, change) in changes {
                #expect(HostFileEditor.value(of: key, in: new, file: "a.example.yaml") == change, note)
            }
            var rest = new[...]
            for comment in file.comments {
                guard let found = rest.firstRange(of: comment) else {
                    Issue.record(note)
                    break
                }
                rest = rest[found.upperBound...]
            }
            // And back: the values are as they were.
            let before = Dictionary(
                uniqueKeysWithValues: changes.keys.map {
                    ($0, HostFileEditor.value(of: $0, in: file.bytes, file: "a.example.yaml"))
                })
            let back = try HostFileEditor.edit(new, file: "a.example.yaml", changes: before)
            for key in HostKey.allCases {
                #expect(
                    HostFileEditor.value(of: key, in: back, file: "a.example.yaml")
                        == HostFileEditor.value(of: key, in: file.bytes, file: "a.example.yaml"), note)
            }
        }
    }

    @Test(arguments: 21...22 as ClosedRange<UInt64>) func damagedFilesAreRefusedOrChangedRightly(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixtures = try EditFixture.all().map(\.before).filter { $0.count < 4096 }
        let alphabet = Array("{}[],:-?&*!|>'\"%@`#~ \n\t\r".utf8)
        var changed = 0
        for _ in 0..<3_000 {
            var bytes = fixtures.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                let index = Int.random(in: 0...bytes.count, using: &random)
                if Bool.random(using: &random), index < bytes.count {
                    bytes.remove(at: index)
                } else {
                    bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: index)
                }
            }
            let key: HostKey = [.siteName, .admins, .suspended].randomElement(using: &random) ?? .siteName
            let value = randomValue(of: key, &random)
            guard let new = try? HostFileEditor.edit(bytes, file: "a.example.yaml", changes: [key: value]) else {
                continue
            }
            #expect(HostFileEditor.value(of: key, in: new, file: "a.example.yaml") == value)
            changed += 1
        }
        #expect(changed > 1_000)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }

    private func randomValue(of key: HostKey, _ random: inout SeededGenerator) -> HostValue {
        switch key {
        case .allowUserInvites, .allowContactInvites, .suspended: .flag(.random(using: &random))
        case .admins:
            .list(RandomHostFile.people.filter { _ in Bool.random(using: &random) }.sorted())
        case .inviteExpiry: .text(["1d", "2w", "90d", "1d12h", "1s"].randomElement(using: &random) ?? "")
        case .host, .serviceAddress: .text(["i.a.example", "1.2.3.4", "ü.example"].randomElement(using: &random) ?? "")
        case .siteName: .text(Self.names.randomElement(using: &random) ?? "")
        default: key.samples.randomElement(using: &random) ?? .flag(true)
        }
    }

    /// Texts that are something else to one reader of YAML or another.
    static let names = [
        "Example A", "yes", "No", "ON", "y", "null", "~", "true", "1.10", ".5", "1_000", "0x1f", "0o17", "017", "1:30",
        "2026-11-22", "1e3", "1.2.3", ".inf", "=", "<<", "-", "- a", "?", "? a", ":", "a: b", "a:b", "a:", "# x",
        "x #y", "x#y", "&a", "*a", "!a", "%a", "@a", "`a`", "'a'", "\"a\"", "it's", "\\", "[a]", "{a}", "a, b", "a]",
        "|", ">", "---", "...", " lead", "trail ", "two  spaces", "👋", "é", "e\u{301}", "\u{A0}", "Müller & Söhne",
        String(repeating: "x", count: 200),
    ]
}

/// A good host's file in one of the many ways in which people write such, and where the values are in it.
struct RandomHostFile {
    private(set) var bytes: [UInt8] = []
    /// Where each value is, with what an edit of a list may touch around it.
    private(set) var ranges: [HostKey: Range<Int>] = [:]
    /// The lines that are removed with a key.
    private(set) var lines: [HostKey: Range<Int>] = [:]
    /// Comments that belong to no value, in order; each is another one.
    private(set) var comments: [[UInt8]] = []

    static let people = ["a@a.example", "b@a.example", "c@b.example", "ü@a.example", "123@a.example"]

    private let lineBreak: String
    private var number = 0

    var text: String { String(decoding: bytes, as: UTF8.self).debugDescription }

    init(using random: inout SeededGenerator) {
        lineBreak = ["\n", "\n", "\r\n", "\r"].randomElement(using: &random) ?? "\n"
        if Int.random(in: 0..<5, using: &random) == 0 { bytes += [0xEF, 0xBB, 0xBF] }
        var keys = HostKey.allCases.filter { $0 != .host && Bool.random(using: &random) }.shuffled(using: &random)
        // An empty file is a mistake.
        if keys.isEmpty { keys = [.suspended] }
        let isExplicit = Bool.random(using: &random)
        addComments(indent: "", &random)
        if isExplicit { add("---\(lineBreak)") }
        if Int.random(in: 0..<3, using: &random) == 0 {
            addFlow(keys, &random)
        } else {
            addBlock(keys, &random)
        }
        if isExplicit, Int.random(in: 0..<3, using: &random) == 0 {
            if bytes.last != lineBreak.utf8.last {
                let end = bytes.count
                add(lineBreak)
                lines = lines.mapValues { $0.upperBound == end ? $0.lowerBound..<bytes.count : $0 }
            }
            add("...\(lineBreak)")
            addComments(indent: "", &random)
        }
    }

    private mutating func add(_ text: String) { bytes += text.utf8 }

    private mutating func comment(_ random: inout SeededGenerator, isCounted: Bool = true) -> String {
        number += 1
        let words = ["", " site_name: no", " - a@a.example", "\ttab", " ü 👋", " , ] }", " it's \"", "  admins:"]
        let text = "# \(number)!\(words.randomElement(using: &random) ?? "")"
        if isCounted { comments.append(Array("# \(number)!".utf8)) }
        return text
    }

    private mutating func addComments(indent: String, _ random: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 0..<3, using: &random) {
            if Bool.random(using: &random) { add(lineBreak) } else { add(indent + comment(&random) + lineBreak) }
        }
    }

    private mutating func addBlock(_ keys: [HostKey], _ random: inout SeededGenerator) {
        let indent = String(repeating: " ", count: Bool.random(using: &random) ? 0 : 3)
        for (index, key) in keys.enumerated() {
            let isLast = index == keys.count - 1
            let start = bytes.count
            add(indent + name(key, &random))
            if Int.random(in: 0..<6, using: &random) == 0 { add(" ") }
            add(":")
            if key == .admins, Bool.random(using: &random) {
                addBlockList(indent: indent, &random)
            } else {
                let begin = bytes.count
                let isBelow = Int.random(in: 0..<6, using: &random) == 0
                add(isBelow ? "\(lineBreak)\(indent)  " : " ")
                addValue(key, indent: indent, isFlow: false, from: begin, &random)
                // What is behind a block scalar is its text.
                let isBlockScalar = [UInt8(ascii: ">"), UInt8(ascii: "|")].contains(bytes[ranges[key] ?? 0..<0].first)
                if Bool.random(using: &random), !isBlockScalar { add("  \(comment(&random, isCounted: false))") }
                let isOver = isLast && Bool.random(using: &random)
                if !isOver { add(lineBreak) }
            }
            lines[key] = start..<bytes.count
            if !isLast || bytes.last == lineBreak.utf8.last { addComments(indent: indent, &random) }
        }
    }

    private mutating func addBlockList(indent: String, _ random: inout SeededGenerator) {
        let begin = bytes.count
        add("\(lineBreak)")
        let deeper = indent + (Bool.random(using: &random) ? "" : "  ")
        for person in somePeople(&random) {
            if Bool.random(using: &random) { add("\(deeper)\(comment(&random, isCounted: false))\(lineBreak)") }
            add("\(deeper)- \(scalar(person, &random))")
            if Bool.random(using: &random) { add(" \(comment(&random, isCounted: false))") }
            add(lineBreak)
        }
        ranges[.admins] = begin..<bytes.count
    }

    private mutating func addFlow(_ keys: [HostKey], _ random: inout SeededGenerator) {
        add("{")
        let isOnLines = Bool.random(using: &random)
        for (index, key) in keys.enumerated() {
            let start = bytes.count
            if isOnLines { add("\(lineBreak)  ") }
            add("\(name(key, &random)): ")
            addValue(key, indent: "  ", isFlow: true, from: bytes.count, &random)
            if index < keys.count - 1 { add(Bool.random(using: &random) ? ", " : ",") }
            lines[key] = start..<bytes.count
        }
        if isOnLines { add(lineBreak) }
        add("}")
        add(lineBreak)
        // The commas on both sides can go with an entry.
        for key in keys { lines[key] = (lines[keys[0]]?.lowerBound ?? 0)..<bytes.count - lineBreak.utf8.count }
    }

    private func name(_ key: HostKey, _ random: inout SeededGenerator) -> String {
        ["\(key)", "\(key)", "\"\(key)\"", "'\(key)'"].randomElement(using: &random) ?? ""
    }

    private func scalar(_ text: String, _ random: inout SeededGenerator) -> String {
        [text, "\"\(text)\"", "'\(text)'"].randomElement(using: &random) ?? ""
    }

    private func somePeople(_ random: inout SeededGenerator) -> [String] {
        Array(Self.people.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random)))
    }

    private mutating func addValue(
        _ key: HostKey, indent: String, isFlow: Bool, from begin: Int, _ random: inout SeededGenerator
    ) {
        let start = bytes.count
        switch key {
        case .allowUserInvites, .allowContactInvites, .suspended: add(Bool.random(using: &random) ? "true" : "false")
        case .inviteExpiry: add(scalar("7d", &random))
        case .host, .serviceAddress: add(scalar("x.a.example", &random))
        case .siteName:
            let deeper = "\(lineBreak)\(indent)   "
            var forms = [
                "Example", "Müller 👋", "'it''s'", "\"a\\u00e9\\\"b\"", "Two\(deeper)lines",
                "\"two\(deeper)\\\(deeper)x\"",
            ]
            if !isFlow { forms += [">-\(deeper)folded\(deeper)text", "|-\(deeper)literal"] }
            add(forms.randomElement(using: &random) ?? "x")
        case .admins:
            let isOnLines = Bool.random(using: &random)
            var items = Int.random(in: 0..<5, using: &random) == 0 ? [] : somePeople(&random)
            items = items.map { scalar($0, &random) }
            let gap = isOnLines ? "\(lineBreak)\(indent)   " : ["", " "].randomElement(using: &random) ?? ""
            add("[")
            for (index, item) in items.enumerated() {
                add(gap + item)
                if index < items.count - 1 || Bool.random(using: &random) { add(",") }
                if isOnLines, Bool.random(using: &random) { add(" \(comment(&random, isCounted: false))") }
            }
            add(isOnLines ? "\(lineBreak)\(indent) ]" : "]")
        default: add("\(key.samples.randomElement(using: &random) ?? .flag(true))")
        }
        ranges[key] = (key == .admins ? begin : start)..<bytes.count
    }
}
