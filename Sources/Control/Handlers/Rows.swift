internal import Invites
internal import Shell
internal import XMPP

extension JSON {
    /// A row; fields without a value are left out.
    static func row(_ fields: KeyValuePairs<String, JSON?>) -> JSON {
        var members: [String: JSON] = [:]
        members.reserveCapacity(fields.count)
        for (name, value) in fields {
            if let value { members[name] = value }
        }
        return .object(members)
    }

    static func count(_ number: Int) -> JSON { .integer(Int64(number)) }

    /// A moment to the second.
    static func time(_ time: Timestamp) -> JSON {
        .text(DateTime.format(millisecondsSinceEpoch: time.millisecondsSinceEpoch))
    }

    /// A moment to the millisecond.
    static func preciseTime(_ time: Timestamp) -> JSON {
        let text = DateTime.format(millisecondsSinceEpoch: time.millisecondsSinceEpoch)
        let fraction = time.millisecondsSinceEpoch % 1000
        let digits = String(fraction < 0 ? fraction + 1000 : fraction)
        return .text("\(text.dropLast()).\(String(repeating: "0", count: 3 - digits.utf8.count))\(digits)Z")
    }

    static func texts(_ texts: [String]) -> JSON { .list(texts.map(JSON.text)) }
}

extension Timestamp {
    /// As people and programs read it (RFC 3339).
    var text: String { DateTime.format(millisecondsSinceEpoch: millisecondsSinceEpoch) }
}
