import Foundation

/// `wrk`, which asks for pages on as many connections as it may, each as soon as it has its last answer.
struct Wrk: Sendable {
    /// Fewer than one address may have.
    static let connections = 32

    let scratch: Scratch

    /// What it has counted.
    struct Count: Sendable {
        var pages: Int
        var perSecond: Double
        /// In nanoseconds, from when a request was sent.
        var median: Int64
        var p99: Int64
    }

    private static var threads: Int { max(1, ProcessInfo.processInfo.activeProcessorCount / 2) }

    /// Asks for pages without counting.
    func warmUp(port: Int, authority: String, _ requests: [PageRequest], timing: Timing) async throws {
        _ = try await load(port: port, authority: authority, requests, duration: timing.warmUp)
    }

    /// Asks for pages in turn.
    ///
    /// - Parameter authority: The host that the requests name.
    /// - Throws: When an answer was no success, or there was none.
    func load(port: Int, authority: String, _ requests: [PageRequest], timing: Timing) async throws -> Count {
        try await load(port: port, authority: authority, requests, duration: timing.duration)
    }

    private func load(port: Int, authority: String, _ requests: [PageRequest], duration: Duration) async throws -> Count
    {
        let script = scratch.root.appending(path: "requests.lua")
        try Self.script(requests, authority: authority).write(to: script, atomically: true, encoding: .utf8)
        let process = try ChildProcess(
            "/usr/bin/wrk",
            [
                "--threads", "\(Self.threads)", "--connections", "\(Self.connections)", "--timeout", "10s",
                // Whole seconds are all that it takes.
                "--duration", "\(max(1, Int((duration / .seconds(1)).rounded(.up))))s", "--script", script.path,
                "http://127.0.0.1:\(port)/",
            ], log: scratch.root.appending(path: "wrk.log"))
        await process.end()
        let line = process.lastWords.split(separator: "\n").last { $0.hasPrefix("counted ") }
        let numbers = (line ?? "").split(separator: " ").dropFirst().compactMap { Int64($0) }
        guard numbers.count == 5 else { throw BenchError("wrk said:\n\(process.lastWords)") }
        guard numbers[2] == 0, numbers[0] > 0 else {
            throw BenchError(
                "\(numbers[2]) of \(numbers[0]) pages were not answered, or not well:\n\(process.lastWords)")
        }
        return Count(
            pages: Int(numbers[0]), perSecond: Double(numbers[0]) / (Double(numbers[1]) / 1e6),
            median: numbers[3] * 1_000,
            p99: numbers[4] * 1_000)
    }

    /// Requests are written once, so that it has little to do for each.
    private static func script(_ requests: [PageRequest], authority: String) -> String {
        let formatted = requests.map { request in
            let fields = request.browser.fields(to: authority)
                .map { "[\(quoted($0.name))] = \(quoted($0.value))" }.joined(separator: ", ")
            return "        wrk.format(\"GET\", \(quoted(request.path)), {\(fields)}),"
        }
        return """
            local requests
            local number = 0

            function init()
                requests = {
            \(formatted.joined(separator: "\n"))
                }
            end

            function request()
                number = number % #requests + 1
                return requests[number]
            end

            function done(summary, latency)
                local errors = summary.errors
                io.write(string.format("\\ncounted %d %d %d %d %d\\n", summary.requests, summary.duration,
                    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
                    latency:percentile(50), latency:percentile(99)))
            end

            """
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
