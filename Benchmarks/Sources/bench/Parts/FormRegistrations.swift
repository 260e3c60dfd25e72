import Foundation

/// Part 9: accounts a second that visitors of pages make, with the daemon's form and with Prosody's own.
struct FormRegistrations {
    let setting: Setting

    private enum Subject: Hashable {
        case invited
        case own(existing: Int)

        var name: String {
            switch self {
            case .invited:
                "invited's pages and `mod_invited`, \(Format.count(Double(FormRegistrations.existing))) invites before"
            case .own(let existing): "`mod_invites_register_web`, \(Format.count(Double(existing))) invites before"
            }
        }
    }

    private struct Throughput {
        var perSecond: Double
        /// Seconds of processor time for each account.
        var server: Double
        var daemon: Double?
    }

    private static let subjects: [Subject] = [.invited, .own(existing: 0), .own(existing: existing)]
    private static let existing = 4_000
    private static let host = RegisteringProsody.host

    private var rounds: Int { min(setting.timing.rounds, 3) }
    private var warmUp: Int { FormFleet.lines * 2 }
    private var count: Int { warmUp + setting.timing.registrations }

    func report() async throws -> String {
        var text = """
            ## 9. Registrations with web forms

            \(FormFleet.lines) visitors at once behind \(setting.prosody), each of whom opens the form and posts it, on a connection of its own. \
            Every token is good for one account. \(setting.timing.registrations) accounts a measurement after \(warmUp) of warm-up, each with a server \
            that was just started; \(rounds) rounds of all subjects in turn. Numbers are medians (least–most), a ratio is the median of the rounds' \
            ratios. Passwords are hashed with Prosody's default of iterations. After each measurement the server's accounts are counted.


            """
        for storage in RegisteringProsody.Storage.allCases {
            text += "### Prosody's storage: \(storage.name)\n\n" + (try await compare(on: storage)) + "\n"
        }
        return text + "Load average after it: \(Machine.loadAverage).\n"
    }

    private func compare(on storage: RegisteringProsody.Storage) async throws -> String {
        var measured: [Subject: [Throughput]] = [:]
        for round in 1...rounds {
            for subject in Self.subjects {
                setting.say("part 9, \(storage.name) storage, round \(round) of \(rounds), \(subject.name)")
                let throughput = try await measure(subject, storage: storage)
                setting.say("\(Format.count(throughput.perSecond))/s, load average \(Machine.loadAverage)")
                measured[subject, default: []].append(throughput)
            }
        }
        let rates = measured.mapValues { $0.map(\.perSecond) }
        return MarkdownTable(
            ["subject", "registrations/s", "invited to it", "server's processor time a registration", "daemon's"],
            rows: Self.subjects.map { subject in
                let measured = measured[subject, default: []]
                let ratio = zip(rates[.invited, default: []], rates[subject, default: []]).map(/).median
                return [
                    subject.name, Format.spread(measured.map(\.perSecond)),
                    subject == .invited ? "1" : "\(Format.ratio(ratio)) (\(Format.goal(ratio >= 1, "1")))",
                    Format.microseconds(measured.map(\.server).median),
                    subject == .invited ? Format.microseconds(measured.compactMap(\.daemon).median) : "",
                ]
            }
        ).text
    }

    private func measure(_ subject: Subject, storage: RegisteringProsody.Storage) async throws -> Throughput {
        switch subject {
        case .own(let existing):
            let invites = (0..<(count + existing)).map { ProsodyData.Invite(token: "token\($0)") }
            let server = try await RegisteringProsody(
                setting.prosody, .ownPages(invites), storage: storage, scratch: setting.scratch)
            return try await finally(server.stop) {
                try await load(server, .prosody, at: server.webPort, tokens: invites.map(\.token))
            }
        case .invited:
            let server = try await RegisteringProsody(
                setting.prosody, .component(module: setting.module), storage: storage, scratch: setting.scratch)
            return try await finally(server.stop) {
                let port = try await LoopbackPort.free()
                let directory = try DaemonDirectory(
                    root: setting.scratch.directory("forms"), serverPort: server.componentPort,
                    secret: RegisteringProsody.secret, hosts: [Self.host], webPort: port)
                let daemon = try Daemon(binary: setting.daemon, directory: directory).process
                return try await finally(daemon.stop) {
                    let shell = Operator(socket: directory.controlSocket)
                    try await shell.awaitModules(1, of: daemon)
                    let tokens = try await shell.invite(count + Self.existing, on: Self.host)
                    let throughput = try await load(server, .invited, at: port, tokens: tokens, daemon: daemon)
                    try verify(directory)
                    return throughput
                }
            }
        }
    }

    private func load(
        _ server: RegisteringProsody, _ pages: FormVisitor.Pages, at port: Int, tokens: [String],
        daemon: ChildProcess? = nil
    ) async throws -> Throughput {
        let fleet = FormFleet(port: port)
        let visitor = { @Sendable (number: Int) in
            FormVisitor(pages, host: Self.host, token: tokens[number], username: "n\(number)", number: number)
        }
        do {
            _ = try await fleet.run(warmUp, visitor)
            let before = (try server.process.processorTime, try daemon?.processorTime)
            let duration = try await fleet.run(setting.timing.registrations) { visitor(warmUp + $0) }
            let throughput = Throughput(
                perSecond: Double(setting.timing.registrations) / (duration / .seconds(1)),
                server: (try server.process.processorTime - before.0) / Double(setting.timing.registrations),
                daemon: try daemon.map {
                    (try $0.processorTime - (before.1 ?? 0)) / Double(setting.timing.registrations)
                })
            let accounts = try server.accounts()
            guard accounts == count else {
                throw BenchError("\(count) accounts were to be made, and \(accounts) are there")
            }
            return throughput
        } catch {
            throw BenchError("\(error)\n\(server.process.lastWords)\n\(daemon?.lastWords ?? "")")
        }
    }

    /// Each account that was made is a confirmed redemption on the disk.
    private func verify(_ directory: DaemonDirectory) throws {
        guard let database = directory.databases().first else { throw BenchError("invited has no database") }
        let confirmed = try SQLiteDatabase(database, readOnly: true)
            .rows("SELECT count(*) FROM redemption WHERE state = 'confirmed'").first?.first?.integer
        guard confirmed == Int64(count) else {
            throw BenchError("\(count) accounts were made, but \(confirmed ?? 0) redemptions are confirmed")
        }
    }
}
