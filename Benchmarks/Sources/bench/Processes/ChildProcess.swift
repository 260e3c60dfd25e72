import Foundation
import Synchronization

/// A process that this one started, and stops by its own id.
final class ChildProcess: Sendable {
    let pid: Int32
    let log: URL
    private let exited: Task<Int32, Never>

    /// Starts a program with its output going to a file.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], log: URL
    ) throws {
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw BenchError("cannot create \(log.path)")
        }
        let output = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        try Self.withSignalsUnblocked { try process.run() }
        pid = process.processIdentifier
        self.log = log
        RunningProcesses.add(pid)
        exited = Task { [pid] in
            let status = await ends.first { _ in true } ?? -1
            RunningProcesses.remove(pid)
            return status
        }
    }

    /// A child inherits the mask of the thread that starts it, and Swift's threads block all signals.
    private static func withSignalsUnblocked(_ start: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try start()
    }

    func signal(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Waits until it has ended by itself.
    func end() async { _ = await exited.value }

    /// Asks it to leave, and makes it leave after ten seconds.
    func stop() async {
        if RunningProcesses.contains(pid) {
            signal(SIGTERM)
        }
        let insist = Task { [pid] in
            try await Task.sleep(for: .seconds(10))
            if RunningProcesses.contains(pid) { kill(pid, SIGKILL) }
        }
        _ = await exited.value
        insist.cancel()
    }

    /// The last lines that it wrote, for a message that says what went wrong.
    var lastWords: String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(8).joined(separator: "\n")
    }
}

/// The children that still run, so that an interrupt leaves none behind.
enum RunningProcesses {
    private static let pids = Mutex<Set<Int32>>([])

    static func add(_ pid: Int32) { pids.withLock { _ = $0.insert(pid) } }
    static func remove(_ pid: Int32) { pids.withLock { _ = $0.remove(pid) } }
    static func contains(_ pid: Int32) -> Bool { pids.withLock { $0.contains(pid) } }

    static func killAll() {
        pids.withLock { for pid in $0 { kill(pid, SIGKILL) } }
    }
}
