internal import Configuration
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Logging
internal import Runtime
internal import Supervision
internal import Synchronization

/// What was set at run time, in `STATE/configuration/overrides.json`: by host and key, the value as it could stand in the
/// host's file. A restart restores those that have to persist, and reports the others.
final class OverrideStore: Sendable {
    private struct State {
        /// What is to be written next.
        var next: [String: [String: String]]?
        /// Why the last writing failed; `nil` when it did not.
        var problem: String?
    }

    private static let name = "overrides.json"
    /// Every setting of ten thousand hosts is less.
    private static let largestFile = 67_108_864

    private let directory: String
    private let logger: Logger
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "overrides")

    init(directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// What was set when the daemon ended, on the caller's thread. What is damaged is logged and counts as nothing.
    func read() -> [String: [String: String]] {
        do {
            let bytes = try DurableFile.read("\(directory)/\(Self.name)", limit: Self.largestFile, isWhole: true)
            return try JSONDecoder().decode([String: [String: String]].self, from: Data(bytes))
        } catch let error as FileError where error.code == ENOENT {
            return [:]
        } catch {
            logger.error(
                "cannot tell which hosts were suspended at run time, so none of them is now",
                metadata: ["name": "\(directory)/\(Self.name)", "reason": "\(error)"])
            return [:]
        }
    }

    /// Writes what is set now some time later.
    func writeLater(_ overrides: [String: SettingOverrides]) {
        let values = overrides.mapValues { set in
            Dictionary(set.keys.map { ($0.rawValue, set.value(of: $0) ?? "") }) { first, _ in first }
        }
        let isFirst = state.withLock { state in
            defer { state.next = values }
            return state.next == nil
        }
        if isFirst { queue.async { self.writeNext() } }
    }

    private func writeNext() {
        guard let values = state.withLock({ $0.next.take() }) else { return }
        var problem: String?
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try DurableFile.write(Array(encoder.encode(values)), to: Self.name, in: directory)
        } catch {
            problem = "\(directory)/\(Self.name) cannot be written: \(error)"
            logger.warning("cannot write what was set at run time", metadata: ["reason": "\(error)"])
        }
        state.withLock { $0.problem = problem }
    }

    /// Returns once all that was to be written has been tried.
    ///
    /// - Returns: Why it is not on the disk; `nil` when it is.
    func finish() async -> String? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
        return state.withLock { $0.problem }
    }
}
