import Foundation

/// The last third of part 8: what memory ten thousand hosts with pages take.
struct PagesOfManyHosts {
    let setting: Setting

    private static let hosts = (0..<10_000).map { "h\($0).example" }
    /// Hosts that have an invite, which is opened.
    private static let opened = 1_000
    private static let perSecond = 1_000.0

    func report() async throws -> String {
        setting.say("part 8, \(Self.hosts.count) hosts")
        let server = try await ScriptedServer(hosts: Self.hosts)
        return try await finally(server.close) {
            let port = try await LoopbackPort.free()
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("pages-of-many"), serverPort: server.port, secret: "any",
                hosts: Self.hosts, webPort: port)
            let daemon = try Daemon(binary: setting.daemon, directory: directory).process
            return try await finally(daemon.stop) {
                _ = try await server.component(of: daemon)
                try await LoopbackPort.awaitListener(port, process: daemon)
                try await Task.sleep(for: .seconds(2))
                let idle = try ProcessMemory(pid: daemon.pid)
                let invites = try await Operator(socket: directory.controlSocket)
                    .invite(onEach: Array(Self.hosts.prefix(Self.opened)))
                let invited = try ProcessMemory(pid: daemon.pid)
                let requests = Browser.all.flatMap { browser in
                    invites.map { invite in
                        HTTPExchange.Request(
                            path: "/\(invite.host)/\(invite.token)",
                            fields: browser.fields(to: DaemonDirectory.authority))
                    }
                }
                _ = try await PacedPages.run(
                    requests, at: port, perSecond: Self.perSecond,
                    duration: .seconds(Double(requests.count) / Self.perSecond))
                return text(idle, invited, try ProcessMemory(pid: daemon.pid))
            }
        }
    }

    private func text(_ idle: ProcessMemory, _ invited: ProcessMemory, _ opened: ProcessMemory) -> String {
        func row(_ name: String, _ memory: ProcessMemory) -> [String] {
            [
                name,
                "\(Format.megabytes(Int64(memory.resident))) (\(Format.goal(memory.resident < 200_000_000, "200 MB")))",
                Format.megabytes(Int64(memory.proportional)),
            ]
        }
        let count = Format.count(Double(Self.opened))
        return """
            ### Memory

            \(Format.count(Double(Self.hosts.count))) hosts with pages, one measurement. At first two seconds after the handshake; then with an invite on each of \
            \(count) hosts, each of which has a database then; then after the pages of all these were opened in \(Browser.all.count) languages.

            \(MarkdownTable(
                ["", "resident (`VmRSS`)", "proportional share (`Pss`)"],
                rows: [
                    row("started", idle), row("\(count) hosts with an invite", invited),
                    row("their pages opened", opened),
                ]
            ).text)
            """
    }
}
