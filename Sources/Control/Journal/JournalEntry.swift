package import Access
package import Invites
package import Shell

/// A change as the journal knows it: its beginning, and what became of it.
package struct JournalEntry: Hashable, Sendable {
    let begin: JournalLine.Begin
    package let end: End

    /// What became of a change.
    package enum End: Hashable, Sendable {
        case known(code: String, before: String?, after: String?)
        /// It runs now.
        case running
        /// The daemon ended before it, or could not record how it ended: the outcome is unknown.
        case interrupted
    }

    /// The hosts that it concerned.
    package let hosts: [String]
    /// How many more than ``hosts`` it concerned.
    package let moreHosts: Int

    init(_ begin: JournalLine.Begin, _ end: JournalLine.End?, isRunning: Bool) {
        self.begin = begin
        if let end {
            self.end = .known(code: end.code, before: end.before, after: end.after)
        } else {
            self.end = isRunning ? .running : .interrupted
        }
        let further = (end?.hosts ?? []).filter { !begin.hosts.contains($0) }
        hosts = begin.hosts + further
        moreHosts = begin.moreHosts + (end?.moreHosts ?? 0)
    }

    package var number: Int64 { begin.number }
    package var command: String { begin.command }

    /// How it ended, in a word: a ``Shell/ResultCode``, `running` or `interrupted`.
    package var code: String {
        switch end {
        case .known(let code, _, _): code
        case .running: "running"
        case .interrupted: "interrupted"
        }
    }

    package var hasFailed: Bool { code != ResultCode.ok.rawValue && end != .running }

    /// Whether a caller who sees these hosts may see the entry: it concerned hosts, and none but these.
    package func isVisible(in scope: HostScope) -> Bool {
        if scope == .all { return true }
        return !hosts.isEmpty && moreHosts == 0 && hosts.allSatisfy(scope.contains)
    }

    /// As a row of `journal`, for a caller who sees all hosts or some: entries are counted over all.
    package func row(for scope: HostScope) -> JSON {
        var members: [String: JSON] = [
            "time": .text(begin.time), "user": .text(begin.user),
            "from": .text(begin.origin), "command": .text(begin.command), "hosts": .list(hosts.map(JSON.text)),
            "code": .text(code),
        ]
        members["number"] = scope == .all ? .integer(begin.number) : nil
        members["uid"] = begin.uid.map { .integer(Int64($0)) }
        members["pid"] = begin.pid.map { .integer(Int64($0)) }
        if moreHosts > 0 { members["more_hosts"] = .integer(Int64(moreHosts)) }
        if case .known(_, let before, let after) = end {
            members["before"] = before.map(JSON.text)
            members["after"] = after.map(JSON.text)
        }
        return .object(members)
    }
}

/// Which entries of the journal are asked for.
package struct JournalFilter: Hashable, Sendable {
    package var scope = HostScope.all
    /// Entries that began before are left out.
    package var since: Timestamp? {
        didSet {
            sinceText = since.map(JournalLine.format)
            // The clock may have been set back: entries a little farther back may be younger.
            endText = since.map {
                let day: Int64 = 86_400_000
                return JournalLine.format(
                    Timestamp(millisecondsSinceEpoch: $0.millisecondsSinceEpoch.subtractingReportingOverflow(day).0))
            }
        }
    }
    private var sinceText: String?
    private var endText: String?
    /// A user's name or number.
    package var user: String?
    package var host: String?
    /// What the command begins with.
    package var command: String?
    package var isFailed = false

    package init() {}

    /// Whether no entry before this one can match.
    func isOver(_ entry: JournalEntry) -> Bool { endText.map { entry.begin.time < $0 } ?? false }

    package func matches(_ entry: JournalEntry) -> Bool {
        guard entry.isVisible(in: scope) else { return false }
        // Times in UTC of one length sort as texts.
        if let sinceText, entry.begin.time < sinceText { return false }
        if let user, entry.begin.user != user, entry.begin.uid.map(String.init) != user { return false }
        if let host, !entry.hosts.contains(host) { return false }
        if let command, !entry.command.hasPrefix(command) { return false }
        return !isFailed || entry.hasFailed
    }
}
