import Foundation

/// Part 1: commands a second that clients of a real server get out of a component, against the server's own module and
/// against the ceiling that the server itself sets.
struct BehindRealServer {
    let setting: Setting

    private enum Subject: String {
        case ceiling, invited
    }

    /// The result of one measurement of a component.
    private struct Throughput {
        var perSecond: Double
        /// Seconds of processor time that the component took for each command.
        var processorTime: Double
    }

    func report() async throws -> String {
        var text = """
            ## 1. Behind a real server

            \(ClientFleet.users.count) clients with \(ClientFleet.inFlight) commands in flight each, \
            \(setting.timing.duration) a measurement (\(setting.timing.durationOfSlow) for Prosody's own module) \
            after \(setting.timing.warmUp) of warm-up, \(setting.timing.rounds) rounds of ceiling and invited in turn. Numbers are medians (least–most); \
            a ratio is the median of the rounds' ratios.


            """
        text += "### \(setting.prosody), commands delegated\n\n"
        let prosody = try await ProsodyServer(setting.prosody, .delegated, scratch: setting.scratch)
        let (table, ceiling) = try await finally(prosody.stop) { try await compare(behind: prosody) }
        var rows = table
        for (name, invitations, durable) in Self.ownModules {
            rows.append([name] + (try await ownModule(invitations, name: name, ceiling: ceiling)) + [durable])
        }
        text += Self.table(rows)

        text += "\n### \(setting.ejabberd), commands to the component's own address\n\n"
        let ejabberd = try await EjabberdServer(setting.ejabberd, scratch: setting.scratch)
        let (ejabberdTable, atOwnAddress) = try await finally(ejabberd.stop) { try await compare(behind: ejabberd) }
        text += Self.table(ejabberdTable)

        text += "\n### \(setting.ejabberd), commands to the host's own domain, through `mod_invited`\n\n"
        let module = try await ErlangModule(setting.ejabberdModule, for: setting.ejabberd, scratch: setting.scratch)
        let withModule = try await EjabberdServer(setting.ejabberd, module: module, scratch: setting.scratch)
        let (moduleTable, throughModule) = try await finally(withModule.stop) { try await compare(behind: withModule) }
        text += Self.table(moduleTable)
        text +=
            "\nThis ceiling is \(Format.ratio(throughModule / atOwnAddress)) of the one at the component's own address.\n"
        text += "\n\(remarkOnOwnModule)\n"
        return text
    }

    /// Why the table of ejabberd has no module of its own.
    private var remarkOnOwnModule: String {
        let has = setting.ejabberd.codePaths.contains {
            FileManager.default.fileExists(atPath: $0.appending(path: "mod_invites.beam").path)
        }
        return has
            ? "\(setting.ejabberd) has a module of its own that makes invitations, `mod_invites`. It is not measured."
            : "\(setting.ejabberd) has no module of its own that makes invitations: `mod_invites` came later."
    }

    private static let ownModules: [(String, ProsodyServer.Invitations, String)] = [
        ("`mod_invites_adhoc`, internal storage, 0 invites before", .ownInternal(existing: 0), "not synced"),
        ("`mod_invites_adhoc`, internal storage, 1,000 before", .ownInternal(existing: 1_000), "not synced"),
        ("`mod_invites_adhoc`, internal storage, 4,000 before", .ownInternal(existing: 4_000), "not synced"),
        ("`mod_invites_adhoc`, SQLite storage, 0 before", .ownSQLite, "yes"),
    ]

    private static func table(_ rows: [[String]]) -> String {
        MarkdownTable(
            ["subject", "commands/s", "of the ceiling", "component's processor time a command", "invites durable"],
            rows: rows
        ).text
    }

    /// Ceiling and invited in turn, so that what changes on the machine meanwhile falls on both.
    private func compare(behind server: some ServerFixture) async throws -> (rows: [[String]], ceiling: Double) {
        let directory = try DaemonDirectory(
            root: setting.scratch.directory("invited-\(server.files.name)"), serverPort: server.componentPort,
            secret: server.componentSecret, hosts: [server.host])
        var ceilings: [Throughput] = []
        var inviteds: [Throughput] = []
        for round in 1...setting.timing.rounds {
            setting.say("part 1, \(server.files), round \(round) of \(setting.timing.rounds)")
            ceilings.append(try await measure(.ceiling, behind: server, directory: directory))
            inviteds.append(try await measure(.invited, behind: server, directory: directory))
        }
        let ratios = zip(inviteds, ceilings).map { $0.perSecond / $1.perSecond }
        let goal = Format.goal(ratios.median >= 0.9, "0.9")
        return (
            [
                ["ceiling: a component that answers a constant"] + cells(ceilings, ratio: "1") + ["nothing kept"],
                ["invited"] + cells(inviteds, ratio: "\(Format.ratio(ratios.median)) (\(goal))") + ["yes"],
            ], ceilings.map(\.perSecond).median
        )
    }

    private func cells(_ measurements: [Throughput], ratio: String) -> [String] {
        [
            Format.spread(measurements.map(\.perSecond)), ratio,
            Format.microseconds(measurements.map(\.processorTime).median),
        ]
    }

    private func measure(
        _ subject: Subject, behind server: some ServerFixture, directory: DaemonDirectory
    ) async throws -> Throughput {
        let component =
            switch subject {
            case .ceiling:
                try ChildProcess(
                    FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
                    [
                        "ceiling", "--port", String(server.componentPort), "--secret", server.componentSecret,
                        "--way", server.way.rawValue,
                    ],
                    log: setting.scratch.root.appending(path: "ceiling.log"))
            case .invited:
                try Daemon(binary: setting.daemon, directory: directory).process
            }
        return try await finally(component.stop) {
            do {
                return try await load(
                    server, component: component.pid, subject: subject.rawValue, for: setting.timing.duration)
            } catch {
                throw BenchError("\(subject) behind \(server.files): \(error)\n\(component.lastWords)")
            }
        }
    }

    private func ownModule(
        _ invitations: ProsodyServer.Invitations, name: String, ceiling: Double
    ) async throws -> [String] {
        setting.say("part 1, \(name)")
        let server = try await ProsodyServer(setting.prosody, invitations, scratch: setting.scratch)
        let rate = try await finally(server.stop) {
            try await load(server, subject: name, for: setting.timing.durationOfSlow)
        }
        return [Format.count(rate.perSecond), Format.ratio(rate.perSecond / ceiling), "none: in the server"]
    }

    private func load(
        _ server: some ServerFixture, component: Int32? = nil, subject: String, for duration: Duration
    ) async throws -> Throughput {
        let fleet = try await ClientFleet(server: server)
        return try await finally(fleet.close) {
            try await fleet.awaitService()
            let before = try component.map(ProcessorTime.used) ?? 0
            let rate = try await fleet.measure(warmUp: setting.timing.warmUp, duration: duration)
            let used = (try component.map(ProcessorTime.used) ?? 0) - before
            guard rate.errors == 0 else { throw BenchError("\(rate.errors) commands were answered by an error") }
            setting.say("\(subject): \(Format.count(rate.perSecond))/s")
            return Throughput(perSecond: rate.perSecond, processorTime: used / Double(max(1, rate.answered)))
        }
    }
}
