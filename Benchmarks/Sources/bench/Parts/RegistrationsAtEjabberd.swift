import Foundation

/// Part 6, behind ejabberd: accounts a second that clients make before login, through the module and the daemon, and without invites.
struct RegistrationsAtEjabberd {
    let setting: Setting

    private enum Subject: CaseIterable {
        case open, invited

        var name: String {
            switch self {
            case .open: "open registration, without invites"
            case .invited: "`mod_invited` and the daemon"
            }
        }
    }

    /// The result of one measurement.
    private struct Throughput {
        var perSecond: Double
        /// Seconds of processor time for each account.
        var server: Double
        var daemon: Double?
    }

    private static let host = RegisteringEjabberd.host

    private var rounds: Int { setting.timing.rounds }
    /// Before the clock starts.
    private var warmUp: Int { DialogFleet.streams * 2 }
    /// ejabberd is so much faster than Prosody that as many accounts would be too short.
    private var count: Int { setting.timing.registrations * 2 }

    func report() async throws -> String {
        let module = try await ErlangModule(setting.ejabberdModule, for: setting.ejabberd, scratch: setting.scratch)
        var text = """
            ### Behind \(setting.ejabberd)

            The same, \(count) accounts a measurement, \(rounds) rounds. Accounts are in Mnesia, which writes them to the disk at some time later; through the \
            module each is there before its client is told.


            """
        var rows: [[String]] = []
        for format in RegisteringEjabberd.PasswordFormat.allCases {
            rows += try await compare(format, module: module)
        }
        return text
            + MarkdownTable(
                [
                    "passwords", "subject", "registrations/s", "of open registration",
                    "server's processor time a registration", "daemon's",
                ], rows: rows
            ).text
    }

    private func compare(_ format: RegisteringEjabberd.PasswordFormat, module: ErlangModule) async throws -> [[String]]
    {
        let state = try setting.scratch.directory("registrations-ejabberd-\(format.rawValue)")
        var measured: [Subject: [Throughput]] = [:]
        for round in 1...rounds {
            for subject in Subject.allCases {
                let throughput =
                    switch subject {
                    case .open: try await open(format)
                    case .invited: try await invited(format, module: module, round: round, state: state)
                    }
                setting.say(
                    "part 6, \(setting.ejabberd), \(format.rawValue), round \(round) of \(rounds), \(subject.name): \(Format.count(throughput.perSecond))/s"
                )
                measured[subject, default: []].append(throughput)
            }
        }
        try verify(in: state)
        let ratio = zip(measured[.invited, default: []], measured[.open, default: []])
            .map { $0.perSecond / $1.perSecond }.median
        return Subject.allCases.map { subject in
            let measured = measured[subject, default: []]
            return [
                format.rawValue, subject.name, Format.spread(measured.map(\.perSecond)),
                subject == .open ? "1" : "\(Format.ratio(ratio)) (\(Format.goal(ratio >= 0.7, "0.7")))",
                Format.microseconds(measured.map(\.server).median),
                subject == .open ? "" : Format.microseconds(measured.compactMap(\.daemon).median),
            ]
        }
    }

    private func open(_ format: RegisteringEjabberd.PasswordFormat) async throws -> Throughput {
        let server = try await RegisteringEjabberd(
            setting.ejabberd, module: nil, passwords: format, scratch: setting.scratch)
        return try await finally(server.stop) { try await load(server, tokens: nil, prefix: "n") }
    }

    private func invited(
        _ format: RegisteringEjabberd.PasswordFormat, module: ErlangModule, round: Int, state: URL
    ) async throws -> Throughput {
        let server = try await RegisteringEjabberd(
            setting.ejabberd, module: module, passwords: format, scratch: setting.scratch)
        return try await finally(server.stop) {
            let directory = try DaemonDirectory(
                root: state, serverPort: server.componentPort, secret: RegisteringEjabberd.secret, hosts: [Self.host])
            let daemon = try Daemon(binary: setting.daemon, directory: directory).process
            return try await finally(daemon.stop) {
                let shell = Operator(socket: directory.controlSocket)
                try await shell.awaitModules(1, of: daemon)
                let tokens = try await shell.invite(warmUp + count, on: Self.host)
                return try await load(server, tokens: tokens, prefix: "r\(round)n", daemon: daemon)
            }
        }
    }

    private func load(
        _ server: RegisteringEjabberd, tokens: [String]?, prefix: String, daemon: ChildProcess? = nil
    ) async throws -> Throughput {
        let fleet = DialogFleet(port: server.clientPort)
        let dialog = { @Sendable (number: Int) in
            StreamDialog(
                host: Self.host,
                requests: (tokens.map { [StreamDialog.preauth($0[number])] } ?? [])
                    + [StreamDialog.register("\(prefix)\(number)")])
        }
        do {
            _ = try await fleet.run(warmUp, dialog)
            let before = (try server.process.processorTime, try daemon?.processorTime)
            let duration = try await fleet.run(count) { dialog(warmUp + $0) }
            return Throughput(
                perSecond: Double(count) / (duration / .seconds(1)),
                server: (try server.process.processorTime - before.0) / Double(count),
                daemon: try daemon.map { (try $0.processorTime - (before.1 ?? 0)) / Double(count) })
        } catch {
            throw BenchError("\(error)\n\(server.process.lastWords)\n\(daemon?.lastWords ?? "")")
        }
    }

    /// Each account that was made is a confirmed redemption on the disk.
    private func verify(in state: URL) throws {
        let expected = rounds * (warmUp + count)
        guard let database = DaemonDirectory(root: state).databases().first else {
            throw BenchError("invited left no database")
        }
        let confirmed = try SQLiteDatabase(database, readOnly: true)
            .rows("SELECT count(*) FROM redemption WHERE state = 'confirmed'").first?.first?.integer
        guard confirmed == Int64(expected) else {
            throw BenchError("\(expected) accounts were made, but \(confirmed ?? 0) redemptions are confirmed")
        }
    }
}
