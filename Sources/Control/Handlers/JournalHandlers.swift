internal import Access
internal import Invites
package import Runtime
internal import Shell
internal import Supervision
internal import Text
internal import XMPP

/// `journal`: who has changed what.
package struct JournalHandlers: Sendable {
    private let journal: Journal
    private let dependencies: Dependencies

    static let standardLimit = 100

    package init(_ journal: Journal, dependencies: Dependencies) {
        self.journal = journal
        self.dependencies = dependencies
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["journal"] = list
    }

    private func list(_ call: Call) async throws -> Outcome {
        var rest = call.invocation.count("limit") ?? Self.standardLimit
        var search = try await journal.search(try filter(call))
        while rest > 0, let entries = try await search.next() {
            try Task.checkCancellation()
            for entry in entries.prefix(rest) { try await call.output.row(entry.row(for: call.caller.hosts)) }
            rest -= entries.count
        }
        // The amount of other hosts' entries must not be revealed to a caller with some hosts.
        guard call.caller.hosts == .all else { return Outcome() }
        return Outcome(Self.damage(in: search))
    }

    /// What was skipped; empty when nothing was.
    private static func damage(in search: JournalSearch) -> String {
        var parts: [String] = []
        if search.damagedLines > 0 { parts.append(Plural.text(search.damagedLines, "damaged line")) }
        if let first = search.damagedFiles.first {
            let more = search.damagedFiles.count - 1
            parts.append("\(first)\(more > 0 ? " and \(more) more" : ""), not a regular file")
        }
        return parts.isEmpty ? "" : "skipped \(parts.joined(separator: " and "))"
    }

    private func filter(_ call: Call) throws(CommandFailure) -> JournalFilter {
        var filter = JournalFilter()
        filter.scope = call.caller.hosts
        if let age = call.invocation.duration("since") {
            let now = dependencies.now().millisecondsSinceEpoch
            // A lifetime is at most ten years.
            filter.since = Timestamp(
                millisecondsSinceEpoch: now.subtractingReportingOverflow(age.seconds * 1000).partialValue)
        }
        filter.user = call.invocation.text("user")
        if let host = call.invocation.text("host") {
            guard let jid = try? JID(host), jid.isDomain else {
                throw CommandFailure(.badArgument, "\(host.quoted) is not a host such as example.com")
            }
            filter.host = jid.domain
        }
        filter.command = call.invocation.text("command")
        filter.isFailed = call.invocation.has("failed")
        return filter
    }
}
