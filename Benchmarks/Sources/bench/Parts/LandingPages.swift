import Foundation
import NIOCore

/// Part 8: landing pages a second, beside a server of files and Prosody's own pages; how long they take while accounts are made; and
/// what memory they need.
struct LandingPages {
    let setting: Setting

    private enum Subject: Hashable, CaseIterable {
        case invited, nginx, ownInternal, ownSQLite

        var name: String {
            switch self {
            case .invited: "invited"
            case .nginx: "nginx, the same bytes and fields from files"
            case .ownInternal: "`mod_invites_page`, internal storage"
            case .ownSQLite: "`mod_invites_page`, SQLite storage"
            }
        }
    }

    private struct Measured {
        var count: Wrk.Count
        /// Seconds of the server's processor time for each page.
        var processor: Double
    }

    private static let host = RegisteringProsody.host
    private static let inviter = "alice"
    /// Invites of the host beside the two that are opened.
    private static let existing = 4_000

    private var rounds: Int { min(setting.timing.rounds, 3) }

    func report() async throws -> String {
        """
        ## 8. Landing pages

        \(try await rates())
        \(try await PagesBesideRegistrations(setting: setting).report())
        \(try await PagesOfManyHosts(setting: setting).report())
        """
    }

    // MARK: In turn

    private func rates() async throws -> String {
        var measured: [Subject: [Measured]] = [:]
        var size = 0
        try await serving { port, requests, daemon in
            let pages = try await answers(requests, at: port)
            size = pages.map(\.body.count).reduce(0, +) / pages.count
            let nginx = try await NginxServer(pages, scratch: setting.scratch)
            try await finally(nginx.stop) {
                let files = pages.map { PageRequest(path: $0.path, browser: Browser.all[0]) }
                try await compare(pages, files, at: nginx.port)
                for round in 1...rounds {
                    measured[.invited, default: []].append(
                        try await load(.invited, round, port, DaemonDirectory.authority, requests, [daemon.pid]))
                    measured[.nginx, default: []].append(
                        try await load(
                            .nginx, round, nginx.port, DaemonDirectory.authority, files, nginx.processes))
                    measured[.ownInternal, default: []].append(try await loadOwn(.ownInternal, .internal, round))
                    measured[.ownSQLite, default: []].append(try await loadOwn(.ownSQLite, .sql, round))
                }
            }
        }
        return """
            Two invites of one host, for an account and for an account with a contact, each in \(Browser.all.count) languages, of which one is \
            written from right to left: pages of \(Format.count(Double(size))) bytes. `wrk` asks for them in turn over \
            \(Wrk.connections) connections that are kept, \(setting.timing.duration) a measurement after \(setting.timing.warmUp) of warm-up; \
            \(rounds) rounds of all subjects in turn. Numbers are medians (least–most), a ratio is the median of the rounds' ratios. \
            invited looks up each invite for each page, among \(Format.count(Double(Self.existing))) others of the host, which \
            \(setting.prosody) serves with the module. Prosody's own has no others to look through, and one language. Load average after it: \
            \(Machine.loadAverage).

            \(table(measured))
            """
    }

    private func table(_ measured: [Subject: [Measured]]) -> String {
        let rates = measured.mapValues { $0.map(\.count.perSecond) }
        func ratio(_ base: Subject) -> Double {
            zip(rates[.invited, default: []], rates[base, default: []]).map(/).median
        }
        return MarkdownTable(
            ["subject", "pages/s", "invited to it", "processor time a page", "median", "p99"],
            rows: Subject.allCases.map { subject in
                let measured = measured[subject, default: []]
                let comparison: String
                switch subject {
                case .invited: comparison = "1"
                case .nginx:
                    comparison = "\(Format.ratio(ratio(.nginx))) (\(Format.goal(ratio(.nginx) >= 1.0 / 3, "1/3")))"
                default:
                    comparison =
                        String(format: "%.1f", ratio(subject)) + " (\(Format.goal(ratio(subject) >= 20, "20")))"
                }
                return [
                    subject.name, Format.spread(measured.map(\.count.perSecond)), comparison,
                    Format.microseconds(measured.map(\.processor).median),
                    Format.milliseconds(measured.map(\.count.median).sorted().quantile(0.5)),
                    Format.milliseconds(measured.map(\.count.p99).sorted().quantile(0.5)),
                ]
            }
        ).text
    }

    /// Runs a body while the daemon serves pages of a host that a real server has.
    private func serving(
        _ body: (_ port: Int, _ requests: [PageRequest], _ daemon: ChildProcess) async throws -> Void
    ) async throws {
        let server = try await RegisteringProsody(
            setting.prosody, .component(module: setting.module), storage: .internal, users: [Self.inviter],
            scratch: setting.scratch)
        try await finally(server.stop) {
            let port = try await LoopbackPort.free()
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("pages"), serverPort: server.componentPort,
                secret: RegisteringProsody.secret, hosts: [Self.host], webPort: port)
            let daemon = try Daemon(binary: setting.daemon, directory: directory).process
            try await finally(daemon.stop) {
                let shell = Operator(socket: directory.controlSocket)
                try await shell.awaitModules(1, of: daemon)
                _ = try await shell.invite(Self.existing, on: Self.host)
                let tokens =
                    try await shell.invite(1, on: Self.host)
                    + shell.invite(1, on: Self.host, contact: "\(Self.inviter)@\(Self.host)")
                try await body(
                    port,
                    tokens.flatMap { token in
                        Browser.all.map { PageRequest(path: "/\(Self.host)/\(token)", browser: $0) }
                    }, daemon)
            }
        }
    }

    /// What invited answers with, as files for another server. Each has a path of its own.
    private func answers(_ requests: [PageRequest], at port: Int) async throws -> [NginxServer.Page] {
        var pages: [NginxServer.Page] = []
        for request in requests {
            let answer = try await HTTPExchange.ask(
                HTTPExchange.Request(
                    path: request.path, fields: request.browser.fields(to: DaemonDirectory.authority)), at: port)
            guard answer.status == 200, let language = answer["content-language"], answer["link"] != nil,
                request.browser.languages.hasPrefix(language)
            else { throw BenchError("not a landing page: \(answer)") }
            pages.append(
                NginxServer.Page(
                    path: "/\(language)\(request.path)", fields: answer.fields,
                    body: Array(answer.body.readableBytesView)))
        }
        return pages
    }

    /// Makes sure that nginx answers what invited does.
    private func compare(_ pages: [NginxServer.Page], _ requests: [PageRequest], at port: Int) async throws {
        for (page, request) in zip(pages, requests) {
            let answer = try await HTTPExchange.ask(
                HTTPExchange.Request(
                    path: request.path, fields: request.browser.fields(to: DaemonDirectory.authority)), at: port)
            func values(_ fields: [(name: String, value: String)]) -> Set<String> {
                Set(
                    fields.filter { !["date", "server", "connection"].contains($0.name.lowercased()) }
                        .map { "\($0.name.lowercased()): \($0.value)" })
            }
            guard answer.status == 200, Array(answer.body.readableBytesView) == page.body,
                values(answer.fields) == values(page.fields)
            else {
                throw BenchError("nginx answers \(answer.fields), and not \(page.fields)")
            }
        }
    }

    private func loadOwn(
        _ subject: Subject, _ storage: RegisteringProsody.Storage, _ round: Int
    ) async throws -> Measured {
        let invites = [
            ProsodyData.Invite(token: "accountinvite"),
            ProsodyData.Invite(token: "contactinvite", inviter: Self.inviter),
        ]
        let server = try await RegisteringProsody(
            setting.prosody, .ownPages(invites), storage: storage, scratch: setting.scratch)
        return try await finally(server.stop) {
            let requests = invites.flatMap { invite in
                Browser.all.map { PageRequest(path: "/invites_page?\(invite.token)", browser: $0) }
            }
            for request in requests {
                let answer = try await HTTPExchange.ask(
                    HTTPExchange.Request(path: request.path, fields: request.browser.fields(to: Self.host)),
                    at: server.webPort)
                guard answer.status == 200, answer["link"] != nil else {
                    throw BenchError("not a landing page: \(answer)\n\(server.process.lastWords)")
                }
            }
            return try await load(subject, round, server.webPort, Self.host, requests, [server.process.pid])
        }
    }

    private func load(
        _ subject: Subject, _ round: Int, _ port: Int, _ authority: String, _ requests: [PageRequest], _ pids: [Int32]
    ) async throws -> Measured {
        setting.say("part 8, round \(round) of \(rounds), \(subject.name)")
        func used() throws -> Double { try pids.map { try ProcessorTime.used(by: $0) }.reduce(0, +) }
        let wrk = Wrk(scratch: setting.scratch)
        try await wrk.warmUp(port: port, authority: authority, requests, timing: setting.timing)
        let before = try used()
        let count = try await wrk.load(port: port, authority: authority, requests, timing: setting.timing)
        setting.say("\(Format.count(count.perSecond)) pages/s, load average \(Machine.loadAverage)")
        return Measured(count: count, processor: (try used() - before) / Double(count.pages))
    }
}
