internal import Dispatch
internal import Foundation
internal import Glibc
internal import Invites
internal import Logging
internal import Runtime
internal import Synchronization

/// The domains that have a database and are not served, in `STATE/configuration/away.json`: for each domain the time,
/// in milliseconds since 1970, up to which its invites are old. A domain that returns may have another owner by then.
///
/// A change of the configuration is answered once the file is written. Domains that are missing in it are found at the
/// next start by their databases, unless they are served again by then.
final class AbsentDomains: Sendable {
    private static let name = "away.json"
    /// More than a hundred thousand domains with long names.
    private static let largestFile = 67_108_864

    private let directory: String
    private let logger: Logger
    /// Whether there was a file that could not be read.
    let isDamaged: Bool
    private let state: Mutex<[String: Int64]>
    private let queue = DispatchQueue(label: "absent domains")

    /// Reads the file, on the caller's thread. A damaged one is logged and treated as empty.
    init(directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
        var known: [String: Int64] = [:]
        var isDamaged = false
        do {
            let bytes = try DurableFile.read("\(directory)/\(Self.name)", limit: Self.largestFile, isWhole: true)
            known = try JSONDecoder().decode([String: Int64].self, from: Data(bytes))
        } catch let error as FileError where error.code == ENOENT {
            // No domain was away so far.
        } catch {
            isDamaged = true
            logger.error(
                "cannot read which domains were away, so that only those are known that the last snapshot does not have",
                metadata: ["name": "\(directory)/\(Self.name)", "reason": "\(error)"])
        }
        self.isDamaged = isDamaged
        state = Mutex(known)
    }

    /// Those of the domains that are away, and the times up to which their invites are old.
    func among(_ domains: some Sequence<String>) -> [String: Timestamp] {
        state.withLock { state in
            Dictionary(
                domains.compactMap { domain in
                    state[domain].map { (domain, Timestamp(millisecondsSinceEpoch: $0)) }
                }, uniquingKeysWith: { $1 })
        }
    }

    /// Longer than requests take that were accepted before a domain left.
    private static let ending: Int64 = 15_000

    /// Domains are served no longer.
    func left(_ domains: some Sequence<String>, at now: Timestamp) {
        change { state in
            // Also where it is known already: it may have been served for a while.
            for domain in domains { Self.note(domain, at: now, in: &state) }
        }
    }

    /// Domains are about to be served again, from now on with invites of their own.
    ///
    /// - Returns: Those of them that were away, and the times up to which their invites are old.
    func returning(_ domains: some Sequence<String>, at now: Timestamp) -> [String: Timestamp] {
        let known = among(domains).mapValues { until in
            // A clock that was set back since they left would pass over those that were made before.
            let left = until.millisecondsSinceEpoch.subtractingReportingOverflow(Self.ending).partialValue
            return left > now.millisecondsSinceEpoch ? until : now
        }
        change { state in for (domain, until) in known { state[domain] = until.millisecondsSinceEpoch } }
        return known
    }

    /// Domains that are served now were not before, as is known from elsewhere.
    func suppose(_ domains: some Sequence<String>, at now: Timestamp) {
        change { state in for domain in domains where state[domain] == nil { Self.note(domain, at: now, in: &state) } }
    }

    /// Domains are served again, and what was to be done for that is done.
    func returned(_ domains: some Sequence<String>) {
        change { state in for domain in domains { state[domain] = nil } }
    }

    /// At a start: domains with a database that are not served are away, and those without a database are dropped.
    ///
    /// - Parameter served: Those that are served, or would be without mistakes in their files.
    func reconcile(databases: [String], served: Set<String>, at now: Timestamp) {
        let present = Set(databases)
        change { state in
            state = state.filter { present.contains($0.key) }
            for domain in databases where !served.contains(domain) { Self.note(domain, at: now, in: &state) }
        }
    }

    private static func note(_ domain: String, at now: Timestamp, in state: inout [String: Int64]) {
        let end = now.millisecondsSinceEpoch.addingReportingOverflow(ending).partialValue
        // A clock may have been set back.
        state[domain] = max(state[domain] ?? end, end)
    }

    private func change(_ body: (inout [String: Int64]) -> Void) {
        let hasChanged = state.withLock { state in
            let old = state
            body(&state)
            return state != old
        }
        if hasChanged { queue.async { self.write() } }
    }

    private func write() {
        let known = state.withLock { $0 }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try DurableFile.write(Array(encoder.encode(known)), to: Self.name, in: directory)
        } catch {
            logger.warning("cannot write which domains are away", metadata: ["reason": "\(error)"])
        }
    }

    /// Returns once all that was to be written has been tried.
    func finish() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }
}
