import Foundation

/// A client of the daemon's control socket, with several sessions at once.
struct Operator: Sendable {
    let socket: String

    /// Waits until the modules of so many hosts have sent a hello.
    func awaitModules(_ count: Int, of process: ChildProcess, within limit: Duration = .seconds(30)) async throws {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            if let modules = try? await modules(), modules >= count { return }
            guard clock.now < end, RunningProcesses.contains(process.pid) else {
                throw BenchError("the server's module was not heard of:\n\(process.lastWords)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// How many hosts' servers have our module.
    func modules() async throws -> Int {
        let lines = try await ControlClient(socket: socket).lines(of: #"{"id":1,"argv":["status"]}"#)
        let match = lines.lazy.compactMap { $0.firstMatch(of: /"modules":([0-9]+)/) }.first
        guard let modules = match.flatMap({ Int($0.1) }) else { throw BenchError("no modules in \(lines)") }
        return modules
    }

    /// The tokens of so many new invites to register on a host, each for one account.
    ///
    /// - Parameter contact: A user who becomes a contact of the new one.
    func invite(_ count: Int, on host: String, contact: String? = nil) async throws -> [String] {
        let options = contact.map { ["--contact", $0] } ?? []
        return try await invite(Array(repeating: host, count: count), options)
    }

    /// The tokens of new invites, one on each of these hosts, in no order, each with the host that it is on.
    func invite(onEach hosts: [String]) async throws -> [(host: String, token: String)] {
        try await run(hosts.map { ["invite", "create", "account", $0] }).map { lines in
            let match = lines.lazy.compactMap {
                $0.firstMatch(of: /xmpp:([a-z0-9.]+)\?register;preauth=([A-Za-z0-9]+)/)
            }.first
            guard let match else { throw BenchError("no link in \(lines)") }
            return (String(match.1), String(match.2))
        }
    }

    private func invite(_ hosts: [String], _ options: [String]) async throws -> [String] {
        try await run(hosts.map { ["invite", "create", "account"] + options + [$0] }).map { lines in
            let match = lines.lazy.compactMap { $0.firstMatch(of: /preauth=([A-Za-z0-9]+)/) }.first
            guard let match else { throw BenchError("no link in \(lines)") }
            return String(match.1)
        }
    }

    /// Runs commands in eight sessions, and returns what each was answered with, in no order.
    func run(_ commands: [[String]]) async throws -> [[String]] {
        let sessions = 8
        return try await withThrowingTaskGroup(of: [[String]].self) { group in
            for first in 0..<min(sessions, commands.count) {
                group.addTask {
                    let client = try await ControlClient(socket: socket)
                    var answers: [[String]] = []
                    for index in stride(from: first, to: commands.count, by: sessions) {
                        let argv = String(decoding: try JSONEncoder().encode(commands[index]), as: UTF8.self)
                        answers.append(try await client.lines(of: #"{"id":1,"argv":\#(argv)}"#))
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
