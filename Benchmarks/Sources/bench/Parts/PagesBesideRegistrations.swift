import Foundation

/// The second half of part 8: how long landing pages of a thousand hosts take while accounts are made on them.
struct PagesBesideRegistrations {
    let setting: Setting

    private static let hosts = (0..<1_000).map { "h\($0).example" }
    private static let pagesPerSecond = 1_000.0
    private static let registrationsPerSecond = 100.0

    private var rounds: Int { min(setting.timing.rounds, 3) }

    func report() async throws -> String {
        setting.say("part 8, a server of \(Self.hosts.count) hosts starts")
        let server = try await RegisteringProsody(
            setting.prosody, .component(module: setting.module), storage: .internal, hosts: Self.hosts,
            scratch: setting.scratch)
        return try await finally(server.stop) {
            let port = try await LoopbackPort.free()
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("beside"), serverPort: server.componentPort,
                secret: RegisteringProsody.secret, hosts: Self.hosts, webPort: port)
            let daemon = try Daemon(binary: setting.daemon, directory: directory).process
            return try await finally(daemon.stop) {
                let shell = Operator(socket: directory.controlSocket)
                // Prosody takes connections before it has loaded the modules of all hosts.
                try await shell.awaitModules(Self.hosts.count, of: daemon, within: .seconds(300))
                return try await measure(shell, port: port, server: server, daemon: daemon)
            }
        }
    }

    private func measure(
        _ shell: Operator, port: Int, server: RegisteringProsody, daemon: ChildProcess
    ) async throws -> String {
        let pages = try await shell.invite(onEach: Self.hosts).enumerated().map { number, invite in
            let browser = Browser.all[number % Browser.all.count]
            return HTTPExchange.Request(
                path: "/\(invite.host)/\(invite.token)", fields: browser.fields(to: DaemonDirectory.authority))
        }
        let count = Int(Self.registrationsPerSecond * (setting.timing.duration / .seconds(1)))
        var alone: [[Int64]] = []
        var beside: [[Int64]] = []
        var accounts: [Double] = []
        var servers: [Double] = []
        for round in 1...rounds {
            setting.say("part 8, \(Self.hosts.count) hosts, round \(round) of \(rounds)")
            let invites = try await shell.invite(onEach: (0..<count).map { Self.hosts[$0 % Self.hosts.count] })
            alone.append(try await load(pages, at: port))
            let before = try server.process.processorTime
            async let registrations = FormFleet(port: port).run(count, perSecond: Self.registrationsPerSecond) {
                number in
                FormVisitor(
                    .invited, host: invites[number].host, token: invites[number].token,
                    username: "r\(round)n\(number)", number: number)
            }
            do {
                beside.append(try await load(pages, at: port))
                accounts.append(Double(count) / (try await registrations / .seconds(1)))
            } catch {
                throw BenchError("\(error)\n\(server.process.lastWords)\n\(daemon.lastWords)")
            }
            servers.append((try server.process.processorTime - before) / (setting.timing.duration / .seconds(1)))
            setting.say(
                "p99 \(Format.milliseconds(beside[beside.count - 1].quantile(0.99))), without registrations "
                    + "\(Format.milliseconds(alone[alone.count - 1].quantile(0.99))), load average \(Machine.loadAverage)"
            )
        }
        return """
            ### While accounts are made

            \(Format.count(Double(Self.hosts.count))) hosts of \(setting.prosody), all with the module. \(Format.count(Self.pagesPerSecond)) landing pages a \
            second, of an invite of each host in turn and in the languages above, over \(PacedPages.connections) connections, asked for \
            whether or not answers come; time counts from when a page was due. \(Format.count(Self.registrationsPerSecond)) accounts a second are made with the web \
            form, on all hosts in turn: each visitor opens the form and posts it, on a connection of its own. \(setting.timing.duration) a measurement, \
            \(rounds) rounds without and with registrations in turn; medians of the rounds. \
            Accounts were made at \(Format.spread(accounts)) a second; the server took \(String(format: "%.2f", servers.median)) \
            of a processor for them. Load average after it: \(Machine.loadAverage).

            \(MarkdownTable(
                ["accounts/s", "p50", "p99", "most of the p99", "longest"],
                rows: [row("0", alone, goal: nil), row(Format.count(Self.registrationsPerSecond), beside, goal: 20_000_000)]
            ).text)
            """
    }

    private func load(_ pages: [HTTPExchange.Request], at port: Int) async throws -> [Int64] {
        try await PacedPages.run(
            pages, at: port, perSecond: Self.pagesPerSecond, duration: setting.timing.duration
        ).sorted()
    }

    private func row(_ name: String, _ rounds: [[Int64]], goal: Int64?) -> [String] {
        let p99 = rounds.map { $0.quantile(0.99) }.sorted()
        let median = p99.quantile(0.5)
        return [
            name, Format.milliseconds(rounds.map { $0.quantile(0.5) }.sorted().quantile(0.5)),
            Format.milliseconds(median) + (goal.map { " (\(Format.goal(median < $0, "20 ms")))" } ?? ""),
            Format.milliseconds(p99.last ?? 0), Format.milliseconds(rounds.compactMap(\.last).max() ?? 0),
        ]
    }
}
