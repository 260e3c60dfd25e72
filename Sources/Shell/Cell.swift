internal import Text

/// One value as people see it: on one line, without anything that could speak to the terminal.
struct Cell: Sendable {
    var text: String
    /// The columns that it takes.
    var width: Int
    var colour: Colour?

    /// How exactly times are shown.
    enum Precision: Sendable {
        /// `2026-11-22 19:06Z`, in tables.
        case minutes
        /// `2026-11-22 19:06:10Z`, in records.
        case seconds
        /// `19:06:10.123Z`, of events, which happen now.
        case timeOfDay
    }

    init(_ text: String, colour: Colour? = nil) {
        self.text = text.escapingControls
        width = DisplayWidth.of(self.text)
        self.colour = colour
    }

    init(_ value: JSON?, _ kind: Field.Kind, _ precision: Precision) {
        let text = Self.text(value, kind, precision)
        if case .choice = kind { self.init(text, colour: Colour(state: text)) } else { self.init(text) }
    }

    /// The text for a row without a value.
    static let none = "-"

    /// The value, not escaped for terminals yet. A value of another kind is shown as it is.
    private static func text(_ value: JSON?, _ kind: Field.Kind, _ precision: Precision) -> String {
        guard let value else { return none }
        switch (value, kind) {
        case (.text(let text), .time): return time(text, precision) ?? text
        case (.text(let text), _): return text.isEmpty ? none : text
        case (.integer(let count), .bytes): return bytes(count)
        case (.integer(let count), .seconds): return seconds(count)
        case (.number(let number), .seconds): return Int64(exactly: number.rounded()).map(seconds) ?? decimal(number)
        case (.integer(let count), _): return String(count)
        case (.number(let number), _): return decimal(number)
        case (.flag(let flag), _): return flag ? "yes" : "no"
        case (.null, _): return none
        case (.list(let items), .list(let item)): return list(items, item, precision)
        case (.list(let items), _): return list(items, .text, precision)
        case (.object(let members), .object(let fields)): return pairs(members, fields, precision)
        case (.object(let members), _): return pairs(members, [], precision)
        }
    }

    private static func list(_ items: [JSON], _ kind: Field.Kind, _ precision: Precision) -> String {
        if items.isEmpty { return none }
        return items.map { item in
            let text = text(item, kind, precision)
            return item.object == nil ? text : "{\(text)}"
        }.joined(separator: ", ")
    }

    /// `name=value` for each member: first those with a field, then the others.
    private static func pairs(_ members: [String: JSON], _ fields: [Field], _ precision: Precision) -> String {
        if members.isEmpty { return none }
        var pairs: [String] = []
        for field in fields {
            guard let value = members[field.name] else { continue }
            pairs.append("\(field.name)=\(text(value, field.kind, precision))")
        }
        let known = Set(fields.map(\.name))
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
            pairs.append("\(name)=\(text(value, .text, precision))")
        }
        return pairs.joined(separator: " ")
    }
}

// MARK: - Single kinds

extension Cell {
    /// A moment as RFC 3339 has it, always in UTC, as it is in the log; `nil` when the text is none.
    static func time(_ text: String, _ precision: Precision) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 30, bytes[10] == UInt8(ascii: "T"), bytes.last == UInt8(ascii: "Z"),
            bytes.allSatisfy({ 0x20 <= $0 && $0 < 0x7F })
        else { return nil }
        let shown: [UInt8] =
            switch precision {
            case .minutes: bytes[..<10] + [0x20] + bytes[11..<16] + [UInt8(ascii: "Z")]
            case .seconds: bytes[..<10] + [0x20] + bytes[11..<19] + [UInt8(ascii: "Z")]
            case .timeOfDay: Array(bytes[11...])
            }
        return String(decoding: shown, as: UTF8.self)
    }

    /// The two largest units, such as `1d12h`.
    static func seconds(_ count: Int64) -> String {
        let units: [(name: String, length: UInt64)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
        var rest = count.magnitude
        guard let first = units.firstIndex(where: { rest >= $0.length }) else { return "0s" }
        var text = count < 0 ? "-" : ""
        for unit in units[first...].prefix(2) {
            let (whole, left) = rest.quotientAndRemainder(dividingBy: unit.length)
            if whole > 0 { text += "\(whole)\(unit.name)" }
            rest = left
        }
        return text
    }

    static func bytes(_ count: Int64) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value.magnitude < 1_024 { return "\(decimal(value, places: 1)) \(unit)" }
            value /= 1_024
        }
        return "\(decimal(value, places: 1)) TiB"
    }

    /// With so many places at most, and no zeros at the end.
    static func decimal(_ number: Double, places: Int = 2) -> String {
        let scale = places == 1 ? 10.0 : 100.0
        guard let scaled = Int64(exactly: (number * scale).rounded()) else { return String(number) }
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
        var digits = String(fraction)
        digits = String(repeating: "0", count: places - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (scaled < 0 ? "-" : "") + String(whole) + (digits.isEmpty ? "" : "." + digits)
    }
}
