import NIOCore
import NIOPosix

/// The eight clients that load a server with four commands each, on one thread.
struct ClientFleet {
    static let users = (0..<8).map { "user\($0)" }
    static let password = "loopback"
    static let inFlight = 4

    private let channels: [any Channel]

    /// Connects and logs in all clients of a running server.
    init(server: some ServerFixture) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        var channels: [any Channel] = []
        for user in Self.users {
            channels.append(try await Self.connect(user: user, server: server, loop: loop))
        }
        self.channels = channels
    }

    private static func connect(
        user: String, server: some ServerFixture, loop: any EventLoop
    ) async throws -> any Channel {
        let login = ClientLogin(user: user, host: server.host, password: password)
        let address = server.commandsTo
        let loggedIn = loop.makePromise(of: Void.self)
        do {
            let channel = try await ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            CommandClient(login: login, loggedIn: loggedIn, commandsTo: address))
                    }
                }
                .connect(host: "127.0.0.1", port: server.clientPort).get()
            try await loggedIn.futureResult.get()
            return channel
        } catch {
            loggedIn.fail(error)
            throw error
        }
    }

    /// Asks until the command is answered by an invitation: the component may still be connecting.
    func awaitService(deadline: Duration = .seconds(15)) async throws {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        var answer = ""
        repeat {
            let loop = channels[0].eventLoop
            let promise = loop.makePromise(of: String.self)
            let timeout = loop.scheduleTask(in: .seconds(10)) {
                promise.fail(BenchError("a command was not answered within ten seconds"))
            }
            defer { timeout.cancel() }
            channels[0].triggerUserOutboundEvent(CommandClient.Order.ask(promise), promise: nil)
            answer = try await promise.futureResult.get()
            if answer.contains("completed"), answer.contains("preauth=") { return }
            try await Task.sleep(for: .milliseconds(100))
        } while clock.now < end
        throw BenchError("the command was not answered by an invitation, but by: \(answer)")
    }

    /// Loads the server and counts.
    func measure(warmUp: Duration, duration: Duration) async throws -> Rate {
        let tally = Tally()
        for channel in channels {
            channel.triggerUserOutboundEvent(
                CommandClient.Order.pump(window: Self.inFlight, tally: tally), promise: nil)
        }
        return try await tally.rate(warmUp: warmUp, duration: duration)
    }

    func close() async {
        for channel in channels {
            try? await channel.close()
        }
    }
}
