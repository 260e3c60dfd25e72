internal import Access
internal import Invites
internal import Shell
internal import XMPP

/// One line of the journal: that a command begins, or how it ended.
enum JournalLine: Hashable, Sendable {
    case begin(Begin)
    case end(End)

    struct Begin: Hashable, Sendable {
        let number: Int64
        /// RFC 3339, in UTC.
        let time: String
        let uid: UInt32?
        let pid: Int32?
        let user: String
        let role: String
        let origin: String
        let command: String
        let hosts: [String]
        /// How many hosts more there are than in ``hosts``.
        var moreHosts = 0
    }

    struct End: Hashable, Sendable {
        let number: Int64
        let time: String
        let code: String
        let before: String?
        let after: String?
        /// Those that it concerned besides the ones named at its beginning.
        let hosts: [String]
        var moreHosts = 0
    }

    var number: Int64 {
        switch self {
        case .begin(let begin): begin.number
        case .end(let end): end.number
        }
    }

    // MARK: Bounds

    /// More is cut, and marked as cut.
    static let longestCommand = 16 << 10
    static let longestText = 4 << 10
    static let mostHosts = 1000
    /// No line is longer: 1,000 hosts of 255 bytes, and the texts, even if every byte of theirs takes six.
    static let longest = 1 << 19
    /// No entry has a higher number, and none concerned more hosts: what says so is damaged. Whole numbers up to this are
    /// exact in JSON of all kinds (RFC 8259 §6), and at a thousand changes a second they last for 285,000 years.
    static let highest: Int64 = 1 << 53

    /// The text with at most so many bytes.
    static func bounded(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = 0
        let kept = text.unicodeScalars.prefix { scalar in
            bytes += scalar.utf8.count
            return bytes <= limit - 3
        }
        return String(kept) + "…"
    }

    static func format(_ time: Timestamp) -> String {
        DateTime.format(millisecondsSinceEpoch: time.millisecondsSinceEpoch)
    }

    /// Whether it could be from ``format(_:)``. Texts of this form are compared for their order.
    private static func isTime(_ text: String) -> Bool {
        text.utf8.elementsEqual("0000-00-00T00:00:00Z".utf8) { byte, form in
            form == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == form
        }
    }
}

extension JournalLine.Begin {
    init(_ number: Int64, _ command: String, caller: Caller, hosts: [String], at time: Timestamp) {
        self.init(
            number: number, time: JournalLine.format(time), uid: caller.uid, pid: caller.pid, user: caller.user,
            role: caller.role.rawValue, origin: caller.origin,
            command: JournalLine.bounded(command, JournalLine.longestCommand),
            hosts: Array(hosts.prefix(JournalLine.mostHosts)), moreHosts: max(0, hosts.count - JournalLine.mostHosts))
    }
}

extension JournalLine.End {
    init(_ number: Int64, _ code: ResultCode, _ outcome: Outcome?, hosts: [String], at time: Timestamp) {
        self.init(
            number: number, time: JournalLine.format(time), code: code.rawValue,
            before: outcome?.before.map { JournalLine.bounded($0, JournalLine.longestText) },
            after: outcome?.after.map { JournalLine.bounded($0, JournalLine.longestText) },
            hosts: Array(hosts.prefix(JournalLine.mostHosts)), moreHosts: max(0, hosts.count - JournalLine.mostHosts))
    }
}

extension Unicode.Scalar {
    fileprivate var utf8: String.UTF8View { String(self).utf8 }
}

// MARK: - As JSON

extension JournalLine {
    init?(_ json: JSON) {
        guard let time = json["time"]?.text, Self.isTime(time) else { return nil }
        let hosts = json["hosts"]?.texts ?? []
        let moreHosts = Int(json["more_hosts"]?.integer ?? 0)
        let (beginning, ending) = (json["begin"], json["end"])
        // Not both: a line is either a beginning or an end.
        guard (beginning == nil) != (ending == nil), let number = (beginning ?? ending)?.integer,
            (1...Self.highest).contains(number), (0...Int(Self.highest)).contains(moreHosts)
        else { return nil }
        if beginning != nil {
            guard let user = json["user"]?.text, let role = json["role"]?.text, let origin = json["from"]?.text,
                let command = json["command"]?.text
            else { return nil }
            self = .begin(
                Begin(
                    number: number, time: time, uid: json["uid"]?.integer.flatMap(UInt32.init(exactly:)),
                    pid: json["pid"]?.integer.flatMap(Int32.init(exactly:)), user: user, role: role, origin: origin,
                    command: command, hosts: hosts, moreHosts: moreHosts))
        } else {
            guard let code = json["code"]?.text else { return nil }
            self = .end(
                End(
                    number: number, time: time, code: code, before: json["before"]?.text, after: json["after"]?.text,
                    hosts: hosts, moreHosts: moreHosts))
        }
    }

    var json: JSON {
        var members: [String: JSON]
        let hosts: [String]
        let moreHosts: Int
        switch self {
        case .begin(let begin):
            members = [
                "begin": .integer(begin.number), "time": .text(begin.time), "user": .text(begin.user),
                "role": .text(begin.role), "from": .text(begin.origin), "command": .text(begin.command),
            ]
            members["uid"] = begin.uid.map { .integer(Int64($0)) }
            members["pid"] = begin.pid.map { .integer(Int64($0)) }
            (hosts, moreHosts) = (begin.hosts, begin.moreHosts)
        case .end(let end):
            members = ["end": .integer(end.number), "time": .text(end.time), "code": .text(end.code)]
            members["before"] = end.before.map(JSON.text)
            members["after"] = end.after.map(JSON.text)
            (hosts, moreHosts) = (end.hosts, end.moreHosts)
        }
        if !hosts.isEmpty { members["hosts"] = .list(hosts.map(JSON.text)) }
        if moreHosts > 0 { members["more_hosts"] = .integer(Int64(moreHosts)) }
        return .object(members)
    }
}
