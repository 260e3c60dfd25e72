import NIOCore

/// Part 5: how long others wait for what any user can write.
struct HostileStanzas {
    let setting: Setting

    private static let host = "h0.example"
    private static let opening = "<iq type='get' id='h' from='user0@\(host)/bench' to='\(CommandRequest.component)'"

    /// What one stanza is made of: a head, as many units as fit, and a tail.
    private struct Kind: Sendable {
        var name: String
        var head = opening + "><q xmlns='urn:q'>"
        var unit: @Sendable (Int) -> String
        var tail = "</q></iq>"
        /// Bytes of one stanza; `nil` for one that takes all.
        var stanza: Int?

        /// So many bytes of it, or a little more.
        func bytes(_ count: Int) -> ByteBuffer {
            var buffer = ByteBuffer()
            buffer.reserveCapacity(count + (stanza ?? 0) + 512)
            while buffer.readableBytes < count {
                let end = buffer.readableBytes + min(stanza ?? count, count)
                var number = 0
                buffer.writeString(head)
                while buffer.readableBytes < end - tail.utf8.count {
                    buffer.writeString(unit(number))
                    number += 1
                }
                buffer.writeString(tail)
            }
            return buffer
        }
    }

    private static let kinds = [
        Kind(name: "text", unit: { _ in "text text text text text text text text" }),
        Kind(name: "elements", unit: { _ in "<x/>" }),
        Kind(
            name: "levels",
            unit: { _ in
                String(repeating: "<x>", count: 1000) + String(repeating: "</x>", count: 1000)
            }),
        Kind(name: "attributes of the stanza", head: opening, unit: { " a\($0)=''" }, tail: "/>"),
        Kind(name: "attributes inside", head: opening + "><q", unit: { " a\($0)=''" }, tail: "/></iq>"),
        Kind(name: "namespaces inside", head: opening + "><q", unit: { " xmlns:a\($0)='u'" }, tail: "/></iq>"),
        Kind(
            name: "stanzas of 32 KiB with 64 attributes an element",
            unit: { number in
                "<x" + (0..<64).map { " a\($0)=''" }.joined() + "/>"
            }, stanza: 32_000),
        Kind(
            name: "stanzas of 32 KiB with as many prefixes as are read",
            unit: { number in
                number < 20
                    ? "<x" + (0..<60).map { " xmlns:p\(number)q\($0)='u'" }.joined() + ">" : "<p0q0:y p0q1:z=''/>"
            }, tail: String(repeating: "</x>", count: 20) + "</q></iq>", stanza: 32_000),
        Kind(
            name: "stanzas one attribute over the limit",
            unit: { _ in
                "<x" + (0..<65).map { " a\($0)=''" }.joined() + "/>"
            }, stanza: 700),
        Kind(name: "stanzas with an undeclared prefix", unit: { _ in "<p:x/>" }, stanza: 200),
    ]

    func report() async throws -> String {
        let server = try await ScriptedServer(hosts: [Self.host])
        let rows = try await finally(server.close) {
            let directory = try DaemonDirectory(
                root: setting.scratch.directory("hostile"), serverPort: server.port, secret: "any", hosts: [Self.host])
            let daemon = try Daemon(binary: setting.daemon, directory: directory)
            return try await finally(daemon.process.stop) {
                let component = try await server.component(of: daemon.process)
                let requests = DelegatedRequests(hosts: [Self.host])
                _ = try await component.ask(requests)
                var rows: [[String]] = []
                for kind in Self.kinds { rows.append(try await measure(kind, component, requests)) }
                return rows
            }
        }
        return """
            ## 5. Stanzas that are meant to hurt

            An ordinary request stands right behind them on the stream; the time is that until it has its invitation, from \
            when the first byte was sent. 256 KiB are what servers let a user send \
            in one stanza; the daemon reads them in four turns of its event loop. Linear is the time of 16 MiB over sixteen times that of 1 MiB, the medians of \(rounds) rounds each in turn.

            \(MarkdownTable(
                ["", "behind 256 KiB: median", "most", "16 MiB", "linear"], rows: rows).text)
            """
    }

    private var rounds: Int { setting.timing.rounds * 2 + 1 }

    private func measure(
        _ kind: Kind, _ component: ConnectedComponent, _ requests: DelegatedRequests
    ) async throws -> [String] {
        setting.say("part 5, \(kind.name)")
        let (small, middle, large) = (kind.bytes(1 << 18), kind.bytes(1 << 20), kind.bytes(1 << 24))
        var turns: [Int64] = []
        for _ in 0..<rounds * 10 { turns.append(try await component.follow(small, with: requests)) }
        var short: [Int64] = []
        var long: [Int64] = []
        for _ in 0..<rounds {
            short.append(try await component.follow(middle, with: requests))
            long.append(try await component.follow(large, with: requests))
        }
        turns.sort()
        let most = turns.last ?? 0
        let time = long.sorted().quantile(0.5)
        let ratio = Double(time) / 16 / Double(max(1, short.sorted().quantile(0.5)))
        return [
            kind.name, Format.milliseconds(turns.quantile(0.5)),
            "\(Format.milliseconds(most)) (\(Format.goal(most < 10_000_000, "10 ms")))",
            Format.milliseconds(time), "\(Format.ratio(ratio)) (\(Format.goal(ratio < 1.5, "1.5")))",
        ]
    }
}
