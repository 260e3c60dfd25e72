import Configuration
import Invites
import Synchronization
import XMPP

@testable import Accounts

/// A server that gives configured answers and records the requests.
final class FakeServer: Sendable {
    typealias Answer = @Sendable (IQ) -> Result<Element?, RequestError>

    let asked = Mutex<[IQ]>([])
    let sent = Mutex<[Message]>([])
    let isConnected = Mutex(true)
    /// Modules that were found to be gone, and why.
    let losses = Losses()
    let servers: HostServers
    private let answer: Answer

    init(_ answer: @escaping Answer) {
        self.answer = answer
        let clock = Clock()
        self.clock = clock
        servers = HostServers(
            uptime: { clock.time.withLock { $0 } }, absentUsername: { "nobody" },
            noticeLoss: { [losses] host, reason in losses.all.withLock { $0.append("\(host): \(reason)") } })
        servers.connected()
        // A while ago.
        clock.time.withLock { $0 += 60_000 }
        servers.attach(
            HostServers.Link { [self] in
                isConnected.withLock { $0 }
            } request: { [self] iq, _ in
                asked.withLock { $0.append(iq) }
                return answer(iq)
            } send: { [self] message in
                sent.withLock { $0.append(message) }
                return isConnected.withLock { $0 }
            })
    }

    let clock: Clock

    final class Losses: Sendable {
        let all = Mutex<[String]>([])
    }

    final class Clock: Sendable {
        let time = Mutex<Int64>(0)
    }

    var commands: [ServerModuleCommand] {
        asked.withLock { $0.compactMap { try? ServerModuleCommand($0.body) } }
    }
}

var served: ServedHosts { ServedHosts(count: 1) { $0 == "a.example" } }

func host(_ accounts: AccountsChoice = .auto) -> HostConfiguration {
    var host = HostConfiguration(host: "a.example")
    host.accounts = accounts
    return host
}

func module(
    _ features: Set<ServerModule.Feature> = Set(ServerModule.Feature.allCases), version: Int = 1
) throws -> KnownModule {
    KnownModule(
        hello: ServerModule.Hello(version: version, module: "m", server: "s", features: features),
        address: try JID("a.example/m"))
}
