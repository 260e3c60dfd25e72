import Foundation
import NIOCore

/// Part 3: ten thousand host files.
struct ManyHosts {
    let setting: Setting

    private static let hosts = (0..<10_000).map { "h\($0).example" }
    private static let changed = "h5000.example"

    private struct Start {
        var ready: Int64
        var memory: ProcessMemory
        var reloads: [Int64]
    }

    func report() async throws -> String {
        let server = try await ScriptedServer(hosts: Self.hosts)
        let starts = try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("many"), serverPort: server.port, secret: "any", hosts: Self.hosts)
            var starts: [Start] = []
            for round in 1...min(setting.timing.rounds, 3) {
                setting.say("part 3, start \(round)")
                starts.append(try await start(in: directory, server: server))
            }
            return starts
        }
        let ready = starts.map(\.ready).sorted()
        let resident = starts.map(\.memory.resident).sorted()
        let proportional = starts.map(\.memory.proportional).sorted()
        let reloads = starts.flatMap(\.reloads).sorted()
        return """
            ## 3. \(Format.count(Double(Self.hosts.count))) host files

            Ready counts from just before the program is started until it has said `READY=1` and its handshake is done; the \
            server has then told it what each host delegates. Memory is read two seconds later. A reload counts from \
            `SIGHUP` to `READY=1`; that the changed host then follows its new policy, and only then, is checked by a request. \
            \(starts.count) starts, \(reloads.count) reloads.

            \(MarkdownTable(["", "median", "most", "goal"], rows: [
                row("time to ready", ready, Format.milliseconds, goal: 3_000_000_000, "3 s"),
                row("resident memory (`VmRSS`)", resident.map(Int64.init), Format.megabytes, goal: 150_000_000, "150 MB"),
                ["proportional share (`Pss`)", Format.megabytes(Int64(proportional.quantile(0.5))),
                 Format.megabytes(Int64(proportional.last ?? 0)), ""],
                row("reload of one changed file", reloads, Format.milliseconds, goal: 100_000_000, "100 ms"),
            ]).text)
            \(try await ManyModules(setting: setting).report())
            """
    }

    private func row(
        _ name: String, _ sorted: [Int64], _ format: (Int64) -> String, goal: Int64, _ goalText: String
    ) -> [String] {
        let median = sorted.quantile(0.5)
        return [name, format(median), format(sorted.last ?? 0), Format.goal(median <= goal, goalText)]
    }

    private func start(in directory: DaemonDirectory, server: ScriptedServer) async throws -> Start {
        let notify = try NotifySocket(path: directory.root.appending(path: "notify.sock").path)
        defer { notify.close() }
        let began = NIODeadline.now()
        let daemon = try Daemon(
            binary: setting.daemon, directory: directory, environment: ["NOTIFY_SOCKET": notify.path])
        return try await finally(daemon.process.stop) {
            let component = try await server.component(of: daemon.process)
            let ready = try await notify.first(saying: "READY=1", within: .seconds(60))
            let time = (max(ready.time, component.connected) - began).nanoseconds
            try await Task.sleep(for: .seconds(2))
            let memory = try ProcessMemory(pid: daemon.process.pid)
            setting.say("ready after \(Format.milliseconds(time)), \(Format.megabytes(Int64(memory.resident)))")

            var reloads: [Int64] = []
            for allowed in [false, true, false, true] {
                reloads.append(
                    try await reload(daemon, component: component, notify: notify, allowContactInvites: allowed))
            }
            return Start(ready: time, memory: memory, reloads: reloads)
        }
    }

    /// Flips the policy of one host and sees it obeyed.
    private func reload(
        _ daemon: Daemon, component: ConnectedComponent, notify: NotifySocket, allowContactInvites: Bool
    ) async throws -> Int64 {
        let requests = DelegatedRequests(hosts: [Self.changed])
        guard try await invites(requests, component) != allowContactInvites else {
            throw BenchError("the policy changed before the reload")
        }
        try daemon.directory.writeHost(Self.changed, allowContactInvites: allowContactInvites)
        let sent = NIODeadline.now()
        daemon.process.signal(SIGHUP)
        _ = try await notify.first(saying: "RELOADING=1", within: .seconds(30))
        let ready = try await notify.first(saying: "READY=1", within: .seconds(30))
        guard try await invites(requests, component) == allowContactInvites else {
            throw BenchError("the reload was said to be done, but the old policy holds:\n\(daemon.process.lastWords)")
        }
        let time = (ready.time - sent).nanoseconds
        setting.say("reloaded in \(Format.milliseconds(time))")
        return time
    }

    /// Whether a user of the host is given an invitation (true) or refused one (false).
    private func invites(_ requests: DelegatedRequests, _ component: ConnectedComponent) async throws -> Bool {
        let answer = try await component.ask(requests)
        if answer.contains("preauth=") { return true }
        if answer.contains("<forbidden") { return false }
        throw BenchError("neither an invitation nor a refusal: \(answer)")
    }
}
