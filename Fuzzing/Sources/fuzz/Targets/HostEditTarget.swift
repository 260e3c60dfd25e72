@testable import Configuration

/// The first line is the change, `site_name=Example`, `admins=a@a.example,b@a.example` or, to take it out, `suspended`; the
/// rest is the file.
struct HostEditTarget: FuzzTarget {
    static let name = "host-edit"
    static let holds = "an edit sets what it is to set, leaves all other bytes, says the same twice, and can be undone"
    static let flags = ["-max_len=4096"]

    private static let path = "/etc/invited/config.d/a.example.yaml"

    func run(_ input: UnsafeRawBufferPointer) {
        var input = Input(input)
        guard let (key, change) = Self.change(input.line()) else { return }
        let old = input.bytes()
        guard HostFileEditor.mistakes(in: old, file: Self.path).isEmpty else {
            expect(edit(old, key, change) == nil, "a file with mistakes is changed")
            return
        }
        // What is written in a way that would need more changed than was asked for is left to people.
        guard let new = edit(old, key, change) else { return }

        let wanted = expectNoError("\(key) got a bad value") { try change?.canonical(for: key) }
        for other in HostKey.allCases {
            let value = HostFileEditor.value(of: other, in: new, file: Self.path)
            let right = other == key ? wanted : HostFileEditor.value(of: other, in: old, file: Self.path)
            expect(isSame(value, right), "\(other) is \(value as Any), not \(right as Any) in\n\(text(new))")
        }
        expectOnly(key, isSet: change != nil, differs: new, from: old)
        expect(edit(new, key, change) == new, "the same change does something more to\n\(text(new))")

        let before = HostFileEditor.value(of: key, in: old, file: Self.path)
        guard let back = edit(new, key, before) else { fail("\(before as Any) cannot be set again in\n\(text(new))") }
        for other in HostKey.allCases {
            let (value, right) = (
                HostFileEditor.value(of: other, in: back, file: Self.path),
                HostFileEditor.value(of: other, in: old, file: Self.path)
            )
            expect(isSame(value, right), "\(other) is \(value as Any), not \(right as Any) again in\n\(text(back))")
        }
    }

    private static func change(_ line: String) -> (HostKey, HostValue?)? {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let key = HostKey(rawValue: String(parts[0])), key != .host else { return nil }
        guard parts.count == 2 else { return (key, nil) }
        let value = String(parts[1])
        switch key {
        case .allowUserInvites, .allowContactInvites, .suspended: return (key, .flag(value == "true"))
        case .admins: return (key, .list(value.isEmpty ? [] : value.split(separator: ",").map(String.init)))
        case .userOpenInvites, .userDailyInvites, .maxInvites:
            return (key, Int(value).map(HostValue.number) ?? .text(value))
        default: return (key, .text(value))
        }
    }

    private func edit(_ bytes: [UInt8], _ key: HostKey, _ change: HostValue?) -> [UInt8]? {
        try? HostFileEditor.edit(bytes, file: Self.path, changes: [key: change])
    }

    /// Expects nothing else to differ than the value of the key, with what a list or braces need around it.
    private func expectOnly(_ key: HostKey, isSet: Bool, differs new: [UInt8], from old: [UInt8]) {
        guard new != old else { return }
        let start = old.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let layout = YAMLLayout(old, from: start) else { fail("a file that was changed has no layout") }
        let lines = TextLines(old, from: start)
        var allowed: Range<Int>
        if let entry = layout.entries.first(where: { $0.key == key.rawValue }) {
            allowed = entry.range
            // An item may be added below the last; the first may have become `[]`.
            if entry.items != nil { allowed = entry.keyRange.upperBound..<lines.line(at: entry.range.upperBound).next }
            if !isSet {
                allowed = lines.line(at: entry.keyRange.lowerBound).start..<lines.line(at: entry.range.upperBound).next
                if case .flow(_, let braces) = layout.root { allowed = braces }
            }
        } else {
            // A piece is added in one place, and that is all.
            let same = zip(new, old).prefix { $0 == $1 }.count
            allowed = same..<same
        }
        expect(
            new.starts(with: old[..<allowed.lowerBound])
                && new.suffix(old.count - allowed.upperBound).elementsEqual(old[allowed.upperBound...])
                && new.count >= old.count - allowed.count,
            "more than \(key) is changed from\n\(text(old)) to\n\(text(new))")
    }

    private func isSame(_ left: HostValue?, _ right: HostValue?) -> Bool {
        left.map { $0.isSame(as: right) } ?? (right == nil)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
