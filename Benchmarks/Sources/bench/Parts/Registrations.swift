import Foundation

/// Part 6: accounts a second that clients make before login, through the module and the daemon, with Prosody's own invites, and
/// without invites.
struct Registrations {
    let setting: Setting

    private enum Subject: Hashable {
        case open, invited
        case own(existing: Int)

        var name: String {
            switch self {
            case .open: "open registration, without invites"
            case .invited:
                "`mod_invited` and the daemon, \(Format.count(Double(Registrations.existing))) invites before"
            case .own(let existing): "`mod_invites_register`, \(Format.count(Double(existing))) invites before"
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

    private static let subjects: [Subject] = [.open, .invited, .own(existing: 0), .own(existing: existing)]
    private static let existing = 4_000
    private static let host = RegisteringProsody.host

    private var rounds: Int { min(setting.timing.rounds, 3) }
    /// Before the clock starts.
    private var warmUp: Int { DialogFleet.streams * 2 }

    func report() async throws -> String {
        var text = """
            ## 6. Registrations

            \(DialogFleet.streams) clients at once behind \(setting.prosody), each of which opens a stream, says which token it has (XEP-0445) where \
            there is one, registers (XEP-0077), and ends the stream. Every token is good for one account. \
            \(setting.timing.registrations) accounts a measurement after \(warmUp) of warm-up, each with a server that was just started; \
            \(rounds) rounds of all subjects in turn. Numbers are medians (least–most), \
            a ratio is the median of the rounds' ratios. Passwords are hashed with Prosody's default of iterations.


            """
        for storage in RegisteringProsody.Storage.allCases {
            text += "### Prosody's storage: \(storage.name)\n\n" + (try await compare(on: storage)) + "\n"
        }
        return text + (try await RegistrationsAtEjabberd(setting: setting).report())
    }

    private func compare(on storage: RegisteringProsody.Storage) async throws -> String {
        let state = try setting.scratch.directory("registrations-\(storage.rawValue)")
        var measured: [Subject: [Throughput]] = [:]
        for round in 1...rounds {
            for subject in Self.subjects {
                setting.say("part 6, \(storage.name) storage, round \(round) of \(rounds), \(subject.name)")
                let throughput = try await measure(subject, storage: storage, round: round, state: state)
                setting.say("\(Format.count(throughput.perSecond))/s")
                measured[subject, default: []].append(throughput)
            }
        }
        try verify(in: state, expected: rounds * (warmUp + setting.timing.registrations))
        let rates = measured.mapValues { $0.map(\.perSecond) }
        return MarkdownTable(
            [
                "subject", "registrations/s", "of open registration", "`mod_invited` to it",
                "server's processor time a registration", "daemon's",
            ],
            rows: Self.subjects.map { subject in
                let measured = measured[subject, default: []]
                return [
                    subject.name, Format.spread(measured.map(\.perSecond)),
                    ratio(
                        rates[subject, default: []], rates[.open, default: []], goal: subject == .invited ? 0.7 : nil),
                    subject == .invited
                        ? "1"
                        : ratio(
                            rates[.invited, default: []], rates[subject, default: []], goal: subject == .open ? nil : 4),
                    Format.microseconds(measured.map(\.server).median),
                    subject == .invited ? Format.microseconds(measured.compactMap(\.daemon).median) : "",
                ]
            }
        ).text
    }

    private func ratio(_ values: [Double], _ base: [Double], goal: Double?) -> String {
        let ratio = zip(values, base).map(/).median
        guard let goal else { return Format.ratio(ratio) }
        return "\(Format.ratio(ratio)) (\(Format.goal(ratio >= goal, String(format: "%g", goal))))"
    }

    private func measure(
        _ subject: Subject, storage: RegisteringProsody.Storage, round: Int, state: URL
    ) async throws -> Throughput {
        let count = warmUp + setting.timing.registrations
        switch subject {
        case .open:
            return try await load(.none, storage: storage, tokens: nil)
        case .own(let existing):
            let tokens = (0..<(count + existing)).map { "token\($0)" }
            return try await load(.own(tokens: tokens), storage: storage, tokens: tokens)
        case .invited:
            let server = try await RegisteringProsody(
                setting.prosody, .component(module: setting.module), storage: storage, scratch: setting.scratch)
            return try await finally(server.stop) {
                let directory = try DaemonDirectory(
                    root: state, serverPort: server.componentPort, secret: RegisteringProsody.secret, hosts: [Self.host]
                )
                let daemon = try Daemon(binary: setting.daemon, directory: directory).process
                return try await finally(daemon.stop) {
                    let shell = Operator(socket: directory.controlSocket)
                    try await shell.awaitModules(1, of: daemon)
                    let tokens = try await shell.invite(count + (round == 1 ? Self.existing : 0), on: Self.host)
                    return try await load(server, tokens: tokens, prefix: "r\(round)n", daemon: daemon)
                }
            }
        }
    }

    private func load(
        _ invitations: RegisteringProsody.Invitations, storage: RegisteringProsody.Storage, tokens: [String]?
    ) async throws -> Throughput {
        let server = try await RegisteringProsody(
            setting.prosody, invitations, storage: storage, scratch: setting.scratch)
        return try await finally(server.stop) { try await load(server, tokens: tokens) }
    }

    private func load(
        _ server: RegisteringProsody, tokens: [String]?, prefix: String = "n", daemon: ChildProcess? = nil
    ) async throws -> Throughput {
        let fleet = DialogFleet(port: server.clientPort)
        let count = setting.timing.registrations
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
    private func verify(in state: URL, expected: Int) throws {
        let databases = DaemonDirectory(root: state).databases()
        guard let database = databases.first, databases.count == 1 else {
            throw BenchError("invited left \(databases.count) databases of one host")
        }
        let confirmed = try SQLiteDatabase(database, readOnly: true)
            .rows("SELECT count(*) FROM redemption WHERE state = 'confirmed'").first?.first?.integer
        guard confirmed == Int64(expected) else {
            throw BenchError("\(expected) accounts were made, but \(confirmed ?? 0) redemptions are confirmed")
        }
        setting.say("all \(Format.count(Double(expected))) accounts are confirmed redemptions in the store")
    }
}
