import Foundation

/// Part 7: what it costs to check invalid tokens, and whether other hosts are affected.
struct BadTokens {
    let setting: Setting

    func report() async throws -> String {
        """
        ## 7. Tokens that are not good

        \(try await behindServer())
        \(try await besideOthers())
        """
    }

    // MARK: Behind a server

    private struct Cost {
        var perSecond: Double
        /// Seconds of processor time for each check.
        var server: Double
        var daemon: Double?
    }

    /// Tokens that each stream tries.
    private static let tries = 25
    private static let existing = 4_000

    private func behindServer() async throws -> String {
        typealias Subject = (name: String, storage: RegisteringProsody.Storage, existing: Int?)
        let subjects: [Subject] =
            [("`mod_invited` and the daemon", .internal, nil)]
            + RegisteringProsody.Storage.allCases.flatMap { storage in
                [0, Self.existing].map { existing in
                    (
                        "`mod_invites_register`, \(storage.name) storage, \(Format.count(Double(existing))) invites",
                        storage,
                        existing
                    )
                }
            }
        var rows: [[String]] = []
        for subject in subjects {
            setting.say("part 7, \(subject.name)")
            let costs = try await cost(subject.storage, existing: subject.existing)
            rows.append(
                [subject.name]
                    + costs.flatMap { cost in
                        [
                            Format.count(cost.perSecond), Format.microseconds(cost.server),
                            cost.daemon.map(Format.microseconds) ?? "",
                        ]
                    })
        }
        return """
            \(DialogFleet.streams) clients at once behind \(setting.prosody), each of which opens streams and says a token that nobody has: \
            one on each stream, where the stream itself is in the numbers, and \(Self.tries) on each, without what the stream costs. \
            With the daemon there are \(Format.count(Double(Self.existing))) invites before. Numbers are of one measurement.

            \(MarkdownTable(
                [
                    "who checks", "streams/s with one", "server's processor time", "daemon's", "checks/s", "server's a check", "daemon's",
                ], rows: rows).text)
            """
    }

    private func cost(_ storage: RegisteringProsody.Storage, existing: Int?) async throws -> [Cost] {
        if let existing {
            let server = try await RegisteringProsody(
                setting.prosody, .own(tokens: (0..<existing).map { "token\($0)" }), storage: storage,
                scratch: setting.scratch)
            return try await finally(server.stop) { try await cost(server, refusal: "forbidden", daemon: nil) }
        }
        let server = try await RegisteringProsody(
            setting.prosody, .component(module: setting.module), storage: storage, scratch: setting.scratch)
        return try await finally(server.stop) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("bad"), serverPort: server.componentPort,
                secret: RegisteringProsody.secret, hosts: [RegisteringProsody.host])
            let daemon = try Daemon(binary: setting.daemon, directory: directory).process
            return try await finally(daemon.stop) {
                let shell = Operator(socket: directory.controlSocket)
                try await shell.awaitModules(1, of: daemon)
                _ = try await shell.invite(Self.existing, on: RegisteringProsody.host)
                return try await cost(server, refusal: "item-not-found", daemon: daemon)
            }
        }
    }

    /// With one token on each stream, and with several.
    private func cost(_ server: RegisteringProsody, refusal: String, daemon: ChildProcess?) async throws -> [Cost] {
        let fleet = DialogFleet(port: server.clientPort)
        let dialog = { @Sendable (tries: Int) in
            StreamDialog(
                host: RegisteringProsody.host,
                requests: (0..<tries).map { StreamDialog.preauth(ModuleRequest.badToken($0), refusal: refusal) })
        }
        func measure(_ streams: Int, tries: Int) async throws -> (time: Double, server: Double, daemon: Double?) {
            let before = (try server.process.processorTime, try daemon?.processorTime)
            let time = try await fleet.run(streams) { _ in dialog(tries) }
            return (
                time / .seconds(1), try server.process.processorTime - before.0,
                try daemon.map { try $0.processorTime - (before.1 ?? 0) }
            )
        }
        let streams = setting.timing.registrations
        _ = try await measure(DialogFleet.streams * 2, tries: 1)
        let one = try await measure(streams, tries: 1)
        let silent = try await measure(streams, tries: 0)
        let many = try await measure(streams / Self.tries, tries: Self.tries)
        let checks = Double(streams / Self.tries * Self.tries)
        let share = Double(streams / Self.tries) / Double(streams)
        return [
            Cost(
                perSecond: Double(streams) / one.time, server: one.server / Double(streams),
                daemon: one.daemon.map { $0 / Double(streams) }),
            Cost(
                perSecond: checks / max(many.time - silent.time * share, .leastNonzeroMagnitude),
                server: (many.server - silent.server * share) / checks, daemon: many.daemon.map { $0 / checks }),
        ]
    }

    // MARK: Beside others

    private static let hosts = (0..<101).map { "h\($0).example" }
    private static let perSecond = 1_000.0
    private static let floods = [0.0, 1_000, 10_000]

    private func besideOthers() async throws -> String {
        let server = try await ScriptedServer(hosts: Self.hosts)
        return try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("flood"), serverPort: server.port, secret: "any", hosts: Self.hosts)
            let daemon = try Daemon(binary: setting.daemon, directory: directory)
            return try await finally(daemon.process.stop) {
                let component = try await server.component(of: daemon.process)
                _ = try await component.greet(pushes: Tally())
                // Creates the first host's database, too, in which tokens are looked up.
                _ = try await component.visit(DelegatedRequests(hosts: Self.hosts), hosts: Self.hosts.count)
                return try await floods(component, daemon: daemon.process)
            }
        }
    }

    private func floods(_ component: ConnectedComponent, daemon: ChildProcess) async throws -> String {
        let others = DelegatedRequests(hosts: Array(Self.hosts.dropFirst()))
        let duration = setting.timing.duration
        var latencies: [Double: [[Int64]]] = [:]
        var times: [Double: [Double]] = [:]
        for round in 1...setting.timing.rounds {
            for flood in Self.floods {
                setting.say(
                    "part 7, \(Format.count(flood)) checks a second, round \(round) of \(setting.timing.rounds)")
                let before = try daemon.processorTime
                async let checks =
                    flood > 0
                    ? component.check(host: Self.hosts[0], perSecond: flood, duration: duration) : 0
                let latency = try await component.pace(others, perSecond: Self.perSecond, duration: duration).sorted()
                _ = try await checks
                latencies[flood, default: []].append(latency)
                times[flood, default: []].append(try daemon.processorTime - before)
            }
        }
        let rows = Self.floods.map { flood in
            let measured = latencies[flood, default: []]
            let p99 = measured.map { Double($0.quantile(0.99)) }
            let ratio = zip(p99, latencies[0, default: []].map { Double($0.quantile(0.99)) }).map(/).median
            let used = zip(times[flood, default: []], times[0, default: []]).map(-).median
            return [
                Format.count(flood),
                Format.milliseconds(Int64(measured.map { Double($0.quantile(0.5)) }.median)),
                Format.milliseconds(Int64(p99.median)), Format.milliseconds(Int64(p99.max() ?? 0)),
                flood == 0
                    ? "1"
                    : Format.ratio(ratio) + (flood == 1_000 ? " (\(Format.goal(ratio <= 1.25, "1.25")))" : ""),
                flood == 0 ? "" : Format.microseconds(used / (flood * (duration / .seconds(1)))),
            ]
        }
        return """
            Straight on the component's socket: \(Format.count(Self.perSecond)) requests a second for invites, evenly over \
            \(Self.hosts.count - 1) hosts, and bad tokens of one more host, asked about at a steady rate whether or not answers come. \
            \(duration) a measurement, \(setting.timing.rounds) rounds in turn; medians of the rounds. Time counts from when a request was due.

            \(MarkdownTable(
                [
                    "checks/s", "others' p50", "others' p99", "most of the p99", "of that without",
                    "daemon's processor time a check",
                ], rows: rows).text)
            """
    }
}
