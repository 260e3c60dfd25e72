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
            latencies.append(latency)
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
            requests being sent every \(Pacing.tick.nanoseconds / 1000) µs:

            \(MarkdownTable(["hosts", "requests/s", "p50", "p99", "most"], rows: latencies).text)
            The last of these is over the edge on most disks: its rate above needs several requests of a host to wait for \
            one another, so that they share a transaction, and evenly paced ones never do.

            """
    }

    private var rounds: Int { min(setting.timing.rounds, 3) }

    private func measure(_ test: Case) async throws -> (rate: [String], latency: [String]) {
        let hosts = test.names
        let server = try await ScriptedServer(hosts: hosts)
        return try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("socket"), serverPort: server.port, secret: "any", hosts: hosts)
            let daemon = try Daemon(binary: setting.daemon, directory: directory)
            let (rate, latency, answered) = try await finally(daemon.process.stop) {
                let component = try await server.component(of: daemon.process)
                do {
                    return try await load(component, test, databases: directory.databases)
                } catch {
                    throw BenchError("\(error)\n\(daemon.process.lastWords)")
                }
            }
            try verify(answered: answered, in: directory)
            return (rate, latency)
        }
    }

    private func load(
        _ component: ConnectedComponent, _ test: Case, databases: () -> [URL]
    ) async throws -> (rate: [String], latency: [String], answered: Int) {
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
        let times = try await component.pace(requests, perSecond: pace, duration: setting.timing.duration).sorted()
        answered += times.count
        let p99 = times.quantile(0.99)
        return (
            [
                Format.count(Double(test.hosts)), Format.count(Double(test.window)),
                Format.count(Double(max(1, test.window / test.hosts))), Format.spread(rates), Format.spread(floors),
                "\(Format.ratio(ratio)) (\(Format.goal(ratio >= 0.5, "0.5")))",
                Format.seconds(visiting),
            ],
            [
                Format.count(Double(test.hosts)), Format.count(pace), Format.milliseconds(times.quantile(0.5)),
                "\(Format.milliseconds(p99)) (\(Format.goal(p99 < 10_000_000, "10 ms")))",
                Format.milliseconds(times.last ?? 0),
            ], answered
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
