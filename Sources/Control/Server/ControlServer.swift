package import Access
internal import Glibc
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Runtime
package import Shell
internal import Synchronization

/// Serves the control socket: admits permitted users, up to limits, and runs their commands.
///
/// It has an event loop of its own, so that its load does not affect the component's connection.
package final class ControlServer: Sendable {
    /// How long peers and commands may take.
    struct Limits: Sendable {
        /// How long a peer may take nothing of what waits for it. People read slowly, and a session that waits for them
        /// costs little more than one that says nothing.
        var stall = TimeAmount.minutes(10)
        /// How long commands may take to end once their session ends.
        var grace = TimeAmount.seconds(2)
    }

    private struct State: Sendable {
        var policy: AccessPolicy
        var quota: UserQuota
        /// Connections whose users' names are being looked up.
        var arrivals: UserQuota
        var sessions: [ObjectIdentifier: Session] = [:]
        var channel: (any Channel)?
        /// Why no more connections are accepted.
        var ending: ServerMessage.End?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let services: SessionServices
    private let limits: Limits
    private let connections: Int
    private let logger: Logger
    private let ranOutOfFiles: @Sendable () -> Void
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// Where names are looked up, which may hang.
    private let lookups = NIOThreadPool(numberOfThreads: 1)
    private let state: Mutex<State>

    /// - Parameters:
    ///   - version: The daemon's version.
    ///   - policy: Who may use the socket; ``update(_:)`` changes it.
    ///   - connections: How many connections may be open.
    ///   - ranOutOfFiles: Called when one cannot be taken because the process has too many files open.
    package convenience init(
        _ dispatcher: Dispatcher, completer: Completer, registry: CommandRegistry = .standard, version: String,
        policy: AccessPolicy, connections: Int, logger: Logger, ranOutOfFiles: @escaping @Sendable () -> Void
    ) {
        self.init(
            SessionServices(dispatcher: dispatcher, completer: completer, registry: registry, version: version),
            policy: policy, limits: Limits(), connections: connections, logger: logger, ranOutOfFiles: ranOutOfFiles)
    }

    init(
        _ services: SessionServices, policy: AccessPolicy, limits: Limits, connections: Int = 320, logger: Logger,
        ranOutOfFiles: @escaping @Sendable () -> Void = {}
    ) {
        self.services = services
        self.limits = limits
        self.connections = connections
        self.logger = logger
        self.ranOutOfFiles = ranOutOfFiles
        let (quota, arrivals) = UserQuota.shared(among: connections)
        state = Mutex(State(policy: policy, quota: quota, arrivals: arrivals))
    }

    // MARK: Life

    /// Takes connections from a socket that listens. The descriptor is its own from now on.
    ///
    /// - Throws: When the socket cannot be used.
    package func start(on descriptor: CInt) async throws {
        lookups.start()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { [ranOutOfFiles, connections] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        AcceptPause {
                            FileLimit.hasRoom(for: 1)
                        } failed: { error in
                            if [EMFILE, ENFILE].contains(error?.errnoCode ?? EMFILE) { ranOutOfFiles() }
                        },
                        // One more than may stay open, so that a refused client receives the reason.
                        AcceptGate(mostOpen: connections + 1))
                }
            }
            // It closes once it has nothing more to say, not when the peer has.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Bounds what a peer that does not read costs the kernel, and shows sooner that it does.
            .childChannelOption(.socketOption(.so_sndbuf), value: 65_536)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        SessionHandler(limits: limits) { peer, handler in self.receive(peer, handler) })
                }
            }
            .withBoundSocket(descriptor).get()
        state.withLock { $0.channel = channel }
    }

    /// Puts another policy in force. Sessions whose rights differ from before are ended, and the commands they run.
    package func update(_ policy: AccessPolicy) {
        let changed = state.withLock { state in
            state.policy = policy
            return state.sessions.values.filter { policy.access(of: $0.identity) != $0.caller.access }
        }
        for session in changed { session.end(ServerMessage.End(.denied, "what you may do has changed")) }
    }

    /// Accepts no more connections, ends all sessions and the commands they run, and returns when they are closed,
    /// which takes a bounded time.
    package func shutDown() async {
        let end = ServerMessage.End(.shuttingDown, "the daemon is ending")
        let (channel, sessions) = state.withLock { state in
            state.ending = end
            return (state.channel.take(), Array(state.sessions.values))
        }
        try? await channel?.close()
        for session in sessions { session.end(end) }
        // Commands that do not end are not waited for: their channels are closed after the grace period all the same.
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.sessions.isEmpty { return true }
                state.waiters.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
        try? await group.shutdownGracefully()
        lookups.shutdownGracefully { _ in }
    }

    // MARK: Letting in

    /// On the event loop.
    private func receive(_ peer: PeerCredentials, _ handler: SessionHandler) {
        if peer.uid == 0 { return admit(PeerIdentity(peer, user: "root"), handler) }
        guard let loop = handler.eventLoop else { return }
        let mayLookUp = state.withLock { state in
            state.arrivals.acquire(peer.uid, isAdmin: state.policy.isOwner(peer.uid))
        }
        guard mayLookUp else { return handler.refuse(Self.tooManySessions) }
        let handler = NIOLoopBound(handler, eventLoop: loop)
        lookups.runIfActive(eventLoop: loop) { PeerIdentity(lookingUp: peer) }.whenComplete { result in
            self.state.withLock { $0.arrivals.release(peer.uid) }
            self.admit((try? result.get()) ?? PeerIdentity(peer, user: nil), handler.value)
        }
    }

    /// On the event loop.
    private func admit(_ peer: PeerIdentity, _ handler: SessionHandler) {
        guard let sendQueue = handler.makeSendQueue() else { return }
        let uid = peer.credentials.uid
        let result = state.withLock { state -> Admission in
            if let ending = state.ending { return .refused(ending) }
            guard let access = state.policy.access(of: peer) else { return .refused(Self.noRole) }
            guard state.quota.acquire(uid, isAdmin: access.areOnAllHosts(as: .admin)) else {
                return .refused(Self.tooManySessions)
            }
            let caller = Caller(
                uid: uid, pid: peer.credentials.pid, user: peer.user ?? String(uid), access: access)
            let session = Session(peer, caller: caller, sendQueue: sendQueue, services: services) { [weak self] in
                self?.state.withLock { $0.quota.release(uid) }
            } onClose: { [weak self] in
                self?.forget($0)
            }
            state.sessions[ObjectIdentifier(session)] = session
            return .admitted(session)
        }
        switch result {
        case .admitted(let session):
            session.say(.hello(hello(to: session.caller)))
            handler.open(session)
        case .refused(let end):
            logger.debug("refused a session", metadata: ["uid": "\(uid)", "code": "\(end.code.rawValue)"])
            handler.refuse(end)
        }
    }

    private enum Admission {
        case admitted(Session)
        case refused(ServerMessage.End)
    }

    private static let noRole = ServerMessage.End(
        .denied, "you have no role here", hint: "`shell: roles:` in invited.yaml says who has one; root always has")
    private static let tooManySessions = ServerMessage.End(.tooManySessions, "there are too many sessions")

    private func forget(_ session: Session) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.sessions[ObjectIdentifier(session)] = nil
            guard state.sessions.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func hello(to caller: Caller) -> ServerMessage.Hello {
        let hosts: [String]? = if case .some(let patterns) = caller.hosts { patterns.sorted() } else { nil }
        return ServerMessage.Hello(
            version: services.version, user: caller.user, role: caller.role, hosts: hosts,
            registry: services.registryHash)
    }
}
