import Foundation
import NIOCore

/// Part 2: durable invitations a second straight on the component's socket, beside the floor.
struct OnTheSocket {
    let setting: Setting

    private struct Case {
        var hosts: Int
        var window: Int

        var names: [String] { (0..<hosts).map { "h\($0).example" } }
    }

    private static let cases = [
        Case(hosts: 1, window: 256), Case(hosts: 1_000, window: 1_000), Case(hosts: 1_000, window: 4_000),
    ]

    func report() async throws -> String {
        var rates: [[String]] = []
        var latencies: [[String]] = []
        for test in Self.cases {
            let (rate, latency) = try await measure(test)
            rates.append(rate)
            latencies += latency
        }
        return """
            ## 2. Straight on the component's socket

            A scripted server hands over delegated requests as Prosody writes them and keeps a window of them in flight. \
            The floor parses the same bytes with libxml2 and commits rows like the daemon's in the daemon's schema \
            (WAL, `synchronous=FULL`), on one thread with nothing between: one transaction for each window and host, so \
            window ÷ hosts rows in each. On both sides every host's database exists before; \
            the last column says how long the first invites took that make them. \(rounds) rounds of invited and floor in turn, \
            \(setting.timing.duration) a measurement.

            \(MarkdownTable(
                [
                    "hosts", "window", "rows a transaction (floor)", "invited, invites/s", "floor, invites/s",
                    "of the floor", "first invites of all hosts",
                ],
                rows: rates).text)
            Time from when a request was due until its answer was read, at a steady half of invited's own rate above, due \
            requests being sent every \(Pacing.tick.nanoseconds / 1000) µs. It counts from the first request on: in the daemon that \
            has just been measured, and in one that has just been started, whose first request is that of the load.

            \(MarkdownTable(["hosts", "requests/s", "daemon", "p50", "p99", "p99 of the first second", "most"], rows: latencies)
                .text)
            The rate of the last case is over the edge on most disks: it needs several requests of a host to wait for one \
            another, so that they share a transaction, and evenly paced ones never do.

            """
    }

    private var rounds: Int { min(setting.timing.rounds, 3) }

    private func measure(_ test: Case) async throws -> (rate: [String], latency: [[String]]) {
        let server = try await ScriptedServer(hosts: test.names)
        return try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("socket"), serverPort: server.port, secret: "any", hosts: test.names)
            let (rate, pace, warm, answered) = try await withDaemon(in: directory, server) { component in
                try await load(component, test, databases: directory.databases)
            }
            setting.say("part 2, \(test.hosts) hosts, right after a start")
            let cold = try await withDaemon(in: directory, server) { component in
                try await paced(component, test, perSecond: pace)
            }
            try verify(answered: answered + cold.count, in: directory)
            return (rate, [row(warm, test, pace, "has served"), row(cold, test, pace, "just started")])
        }
    }

    /// Runs `body` with a daemon that has just connected.
    private func withDaemon<T>(
        in directory: DaemonDirectory, _ server: ScriptedServer, _ body: (ConnectedComponent) async throws -> T
    ) async throws -> T {
        let daemon = try Daemon(binary: setting.daemon, directory: directory)
        return try await finally(daemon.process.stop) {
            let component = try await server.component(of: daemon.process)
            do {
                return try await body(component)
            } catch {
                throw BenchError("\(error)\n\(daemon.process.lastWords)")
            }
        }
    }

    private func paced(_ component: ConnectedComponent, _ test: Case, perSecond: Double) async throws -> [Int64] {
        try await component.pace(
            DelegatedRequests(hosts: test.names), perSecond: perSecond, duration: setting.timing.duration)
    }

    /// The table's row of paced requests, whose times are in the order in which they were due.
    private func row(_ times: [Int64], _ test: Case, _ perSecond: Double, _ daemon: String) -> [String] {
        let sorted = times.sorted()
        let (p99, first) = (sorted.quantile(0.99), times.prefix(Int(perSecond)).sorted().quantile(0.99))
        return [
            Format.count(Double(test.hosts)), Format.count(perSecond), daemon,
            Format.milliseconds(sorted.quantile(0.5)),
            "\(Format.milliseconds(p99)) (\(Format.goal(p99 < Self.goal, "10 ms")))",
            "\(Format.milliseconds(first)) (\(Format.goal(first < Self.goal, "10 ms")))",
            Format.milliseconds(sorted.last ?? 0),
        ]
    }

    private static let goal: Int64 = 10_000_000

    private func load(
        _ component: ConnectedComponent, _ test: Case, databases: () -> [URL]
    ) async throws -> (rate: [String], pace: Double, latency: [Int64], answered: Int) {
        let hosts = test.names
        let requests = DelegatedRequests(hosts: hosts)
        let sample = try await component.ask(requests)
        guard sample.contains("completed"), sample.contains("preauth=") else {
            throw BenchError("the command was not answered by an invitation, but by: \(sample)")
        }
        setting.say("part 2, \(test.hosts) hosts: making the databases")
        var answered = 1
        let visiting = try await ContinuousClock().measure {
            answered += try await component.visit(requests, hosts: test.hosts)
        }
        var rates: [Double] = []
        var floors: [Double] = []
        for round in 1...rounds {
            setting.say("part 2, \(test.hosts) hosts, window \(test.window), round \(round) of \(rounds)")
            let rate = try await component.pump(requests, window: test.window, timing: setting.timing)
            guard rate.errors == 0 else { throw BenchError("\(rate.errors) requests were answered by an error") }
            answered += rate.answered
            rates.append(rate.perSecond)

            guard let database = databases().first else { throw BenchError("invited made no database") }
            let floor = Floor(template: try StoreTemplate(database: database), hosts: hosts, window: test.window)
            floors.append(
                try floor.measure(in: setting.scratch.directory("floor"), duration: setting.timing.duration))
            setting.say("invited \(Format.count(rate.perSecond))/s, floor \(Format.count(floors.last ?? 0))/s")
        }
        let ratio = zip(rates, floors).map(/).median
        let pace = rates.median / 2
        let times = try await paced(component, test, perSecond: pace)
        return (
            [
                Format.count(Double(test.hosts)), Format.count(Double(test.window)),
                Format.count(Double(max(1, test.window / test.hosts))), Format.spread(rates), Format.spread(floors),
                "\(Format.ratio(ratio)) (\(Format.goal(ratio >= 0.5, "0.5")))",
                Format.seconds(visiting),
            ], pace, times, answered + times.count
        )
    }

    /// Numbers of a daemon that loses invites would be worth nothing: every one that was answered is in the store.
    private func verify(answered: Int, in directory: DaemonDirectory) throws {
        let databases = directory.databases()
        guard let first = databases.first else { throw BenchError("invited left no database") }
        let template = try StoreTemplate(database: first)
        let stored = try databases.reduce(0) { try $0 + template.count(in: $1) }
        guard stored >= answered else {
            throw BenchError("\(answered) invitations were answered, but \(stored) are stored")
        }
        setting.say("all \(Format.count(Double(answered))) invitations that were answered are in the store")
    }
}
