import Foundation
import NIOCore

/// Of part 3: the servers of ten thousand hosts say hello at one reconnect.
struct ManyModules {
    let setting: Setting

    private static let hosts = (0..<10_000).map { "h\($0).example" }
    private static let busy = Array(hosts.prefix(100))
    private static let perSecond = 500.0

    /// The times of one connection, in nanoseconds.
    private struct Greeting {
        /// Since the handshake: all are answered, and known to operators.
        var known: Int64
        /// All modules have received the names that are held.
        var pushed: Int64?
        /// How long users' requests took that were due before, sorted.
        var before: [Int64]
        /// The same of those after, while names are pushed where there are some.
        var after: [Int64]
    }

    func report() async throws -> String {
        let server = try await ScriptedServer(hosts: Self.hosts)
        let rows = try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("modules"), serverPort: server.port, secret: "any", hosts: Self.hosts)
            let none = try await greetings(directory, server, namesAreHeld: false)
            try await holdNames(directory, server)
            let held = try await greetings(directory, server, namesAreHeld: true)
            return [
                row("no host has a database yet", none),
                row("each host has one, with a name that an invite holds", held),
            ]
        }
        return """
            The module in each host's server says hello as soon as the component has connected; the server sends all of them at once. \
            Known counts until the last one is answered and `status` shows all \(Format.count(Double(Self.hosts.count))). Where names \
            are held, they follow in a push to each host. From the first hello on, users ask for \(Format.count(Self.perSecond)) \
            invites a second on \(Self.busy.count) of the hosts: their requests are behind the hellos first, which the component \
            reads in order. Medians (most) of \(rounds) connections, the first right after a start.

            \(MarkdownTable(["", "known", "users' p99 until then", "all names pushed", "users' p99 after"], rows: rows).text)
            """
    }

    private var rounds: Int { min(setting.timing.rounds, 3) }

    private func row(_ name: String, _ greetings: [Greeting]) -> [String] {
        let known = greetings.map(\.known).sorted()
        let pushed = greetings.compactMap(\.pushed).sorted()
        func cell(_ sorted: [Int64]) -> String {
            "\(Format.milliseconds(sorted.quantile(0.5))) (\(Format.milliseconds(sorted.last ?? 0)))"
        }
        return [
            name, "\(cell(known)), \(Format.goal(known.quantile(0.5) <= 3_000_000_000, "3 s"))",
            cell(greetings.map { $0.before.quantile(0.99) }.sorted()), pushed.isEmpty ? "none" : cell(pushed),
            cell(greetings.map { $0.after.quantile(0.99) }.sorted()),
        ]
    }

    /// Every host gets a database, with an invite for a username.
    private func holdNames(_ directory: DaemonDirectory, _ server: ScriptedServer) async throws {
        setting.say("part 3, names are held on every host")
        let daemon = try Daemon(binary: setting.daemon, directory: directory).process
        try await finally(daemon.stop) {
            _ = try await server.component(of: daemon)
            _ = try await Operator(socket: directory.controlSocket).run(
                Self.hosts.map { ["invite", "create", "account", $0, "--username", "juliet"] })
        }
    }

    private func greetings(
        _ directory: DaemonDirectory, _ server: ScriptedServer, namesAreHeld: Bool
    ) async throws -> [Greeting] {
        let daemon = try Daemon(binary: setting.daemon, directory: directory).process
        return try await finally(daemon.stop) {
            var greetings: [Greeting] = []
            for round in 1...rounds {
                setting.say("part 3, \(Self.hosts.count) hellos, connection \(round)")
                let component = try await server.component(of: daemon)
                do {
                    greetings.append(try await greet(component, directory, namesAreHeld: namesAreHeld))
                } catch {
                    throw BenchError("\(error)\n\(daemon.lastWords)")
                }
                if round < rounds { try await component.channel.close() }
            }
            return greetings
        }
    }

    private func greet(
        _ component: ConnectedComponent, _ directory: DaemonDirectory, namesAreHeld: Bool
    ) async throws -> Greeting {
        let pushes = Tally()
        let start = NIODeadline.now()
        async let answered = component.greet(pushes: pushes)
        async let latencies = component.pace(
            DelegatedRequests(hosts: Self.busy), perSecond: Self.perSecond, duration: setting.timing.duration)
        _ = try await answered
        let known = try await Operator(socket: directory.controlSocket).modules()
        var greeting = Greeting(known: (.now() - start).nanoseconds, before: [], after: [])
        guard known == Self.hosts.count else {
            throw BenchError("all hellos were answered, but \(known) modules are known")
        }
        if namesAreHeld {
            try await pushes.reach(Self.hosts.count, within: .seconds(120))
            greeting.pushed = (.now() - start).nanoseconds
        }
        let times = try await latencies
        let due = Int(Double(greeting.known) / 1e9 * Self.perSecond)
        (greeting.before, greeting.after) = (times.prefix(due).sorted(), times.dropFirst(due).sorted())
        setting.say(
            "known after \(Format.milliseconds(greeting.known)), pushed after \(greeting.pushed.map(Format.milliseconds) ?? "none")"
        )
        return greeting
    }
}
