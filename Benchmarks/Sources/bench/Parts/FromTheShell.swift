import Foundation
import NIOCore

/// Part 4: what operators wait for, and what their watching costs.
struct FromTheShell {
    let setting: Setting

    private static let hosts = (0..<10_000).map { "h\($0).example" }
    private static let changed = "h5000.example"

    func report() async throws -> String {
        let rows = try await manyHosts()
        let (table, events) = try await traced()
        return """
            ## 4. From the shell

            \(Format.count(Double(Self.hosts.count))) hosts. A list counts from the start of `invitectl` in a pseudo-terminal \
            until its last line was read there; the floor is `cat` writing the same number of lines in the same terminal. A completion counts on a session that \
            is open, as in the client's own prompt; below it, the whole process that bash or zsh starts. A policy change counts from the request `host set` until \
            the next command of a user has been answered by it. A session is opened and closed, five hundred one after the other.

            \(MarkdownTable(["", "median", "p99", "goal"], rows: rows).text)
            One host, a window of 256 in flight, with somebody reading `trace` and without in turn; \(events)

            \(MarkdownTable(["invites/s", "traced, invites/s", "of it", "goal"], rows: [table]).text)

            """
    }

    // MARK: Ten thousand hosts

    private func manyHosts() async throws -> [[String]] {
        let server = try await ScriptedServer(hosts: Self.hosts)
        return try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("shell"), serverPort: server.port, secret: "any", hosts: Self.hosts)
            let daemon = try Daemon(binary: setting.daemon, directory: directory)
            return try await finally(daemon.process.stop) {
                let component = try await server.component(of: daemon.process)
                let client = try await ControlClient(socket: directory.controlSocket)
                return [
                    try await list(directory), try await floor(directory),
                    try await complete(client), try await completeForShell(directory),
                    try await change(client, component), try await sessions(directory, of: daemon),
                ]
            }
        }
    }

    private var repetitions: Int { setting.timing.rounds * 4 }

    private func list(_ directory: DaemonDirectory) async throws -> [String] {
        var times: [Int64] = []
        for _ in 0..<repetitions {
            let (time, lines) = try await Terminal.run(
                setting.client, ["--socket", directory.controlSocket, "host", "list"])
            guard lines > Self.hosts.count else { throw BenchError("`host list` wrote only \(lines) lines") }
            times.append(time)
        }
        return row("`host list` to the terminal", times, goal: 500_000_000, "0.5 s")
    }

    private func floor(_ directory: DaemonDirectory) async throws -> [String] {
        let file = directory.root.appending(path: "hosts.txt")
        let line = "h5000.example  running  2026-11-22 19:06Z         0        0        0          0\n"
        try String(repeating: line, count: Self.hosts.count).write(to: file, atomically: false, encoding: .utf8)
        var times: [Int64] = []
        for _ in 0..<repetitions { times.append(try await Terminal.run("/usr/bin/cat", [file.path]).nanoseconds) }
        return row("`cat` of as many lines (floor)", times)
    }

    private func complete(_ client: ControlClient) async throws -> [String] {
        var times: [Int64] = []
        for number in 0..<(repetitions * 10) {
            let word = "h\(number * 7 % 1000)"
            let (lines, time) = try await client.run(#"{"id":1,"complete":["host","show","\#(word)"]}"#)
            guard lines > 1 else { throw BenchError("nothing completes \(word)") }
            times.append(time)
        }
        return row("completion of a host's name", times, goal: 20_000_000, "20 ms")
    }

    private func completeForShell(_ directory: DaemonDirectory) async throws -> [String] {
        var times: [Int64] = []
        for number in 0..<repetitions {
            let (time, lines) = try await Terminal.run(
                setting.client,
                ["--socket", directory.controlSocket, "--complete", "--", "host", "show", "h\(number * 7 % 1000)"])
            guard lines > 0 else { throw BenchError("nothing completes for the shell") }
            times.append(time)
        }
        return row("the same for bash, with its process", times)
    }

    private func change(_ client: ControlClient, _ component: ConnectedComponent) async throws -> [String] {
        let requests = DelegatedRequests(hosts: [Self.changed])
        var times: [Int64] = []
        // The first makes the host's database.
        _ = try await component.ask(requests)
        for number in 0..<(repetitions * 2) {
            let allowed = !number.isMultiple(of: 2)
            let began = NIODeadline.now()
            let setting = #"["host","set","\#(Self.changed)","allow_contact_invites","\#(allowed)"]"#
            try await client.run(#"{"id":1,"argv":\#(setting)}"#)
            let answer = try await component.ask(requests)
            let time = (NIODeadline.now() - began).nanoseconds
            guard answer.contains("preauth=") == allowed, answer.contains("<forbidden") != allowed else {
                throw BenchError("the next command did not follow the change: \(answer)")
            }
            times.append(time)
        }
        return row("`host set`, and a command that follows it", times, goal: 5_000_000, "5 ms")
    }

    /// What a session takes of the daemon's processor time.
    private func sessions(_ directory: DaemonDirectory, of daemon: Daemon) async throws -> [String] {
        let count = 500
        var times: [Int64] = []
        for _ in 0..<setting.timing.rounds {
            let before = try ProcessorTime.used(by: daemon.process.pid)
            for _ in 0..<count { _ = try await ControlClient(socket: directory.controlSocket) }
            let used = try ProcessorTime.used(by: daemon.process.pid) - before
            times.append(Int64(used * 1e9) / Int64(count))
        }
        return row("processor time of a session", times, goal: 1_000_000, "1 ms")
    }

    private func row(_ name: String, _ times: [Int64], goal: Int64? = nil, _ goalText: String = "") -> [String] {
        let sorted = times.sorted()
        let median = sorted.quantile(0.5)
        return [
            name, Format.milliseconds(median), Format.milliseconds(sorted.quantile(0.99)),
            goal.map { Format.goal(median < $0, goalText) } ?? "",
        ]
    }

    // MARK: A trace on a busy host

    private func traced() async throws -> (row: [String], events: String) {
        let hosts = ["h0.example"]
        let server = try await ScriptedServer(hosts: hosts)
        return try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("trace"), serverPort: server.port, secret: "any", hosts: hosts)
            let daemon = try Daemon(binary: setting.daemon, directory: directory)
            return try await finally(daemon.process.stop) {
                let component = try await server.component(of: daemon.process)
                let requests = DelegatedRequests(hosts: hosts)
                _ = try await component.ask(requests)
                var plain: [Double] = []
                var traced: [Double] = []
                var seen = (events: 0, dropped: 0)
                for round in 1...setting.timing.rounds {
                    setting.say("part 4, trace, round \(round) of \(setting.timing.rounds)")
                    plain.append(try await rate(component, requests))
                    let client = try await ControlClient(socket: directory.controlSocket)
                    try client.send(#"{"id":1,"argv":["trace","h0.example"]}"#)
                    async let watching = client.drain()
                    traced.append(try await rate(component, requests))
                    try client.send(#"{"id":1,"cancel":true}"#)
                    let (events, dropped) = try await watching
                    guard events > 0 else { throw BenchError("the trace showed nothing") }
                    seen.events += events
                    seen.dropped += dropped
                }
                let ratio = zip(traced, plain).map(/).median
                return (
                    [
                        Format.spread(plain), Format.spread(traced), Format.ratio(ratio),
                        Format.goal(ratio > 0.95, "0.95"),
                    ],
                    """
                    the reader saw \(Format.count(Double(seen.events))) stanzas and was told of \
                    \(Format.count(Double(seen.dropped))) left out.
                    """
                )
            }
        }
    }

    private func rate(_ component: ConnectedComponent, _ requests: DelegatedRequests) async throws -> Double {
        let rate = try await component.pump(requests, window: 256, timing: setting.timing)
        guard rate.errors == 0 else { throw BenchError("\(rate.errors) requests were answered by an error") }
        return rate.perSecond
    }
}
