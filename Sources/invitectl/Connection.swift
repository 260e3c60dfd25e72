import Glibc
import Shell

/// A connection to the daemon: lines out, messages in.
final class Connection {
    let hello: ServerMessage.Hello
    private let socket: Int32
    private let signals: Signals
    private var input = LineBuffer()

    /// What was received.
    enum Arrival {
        /// A message, and the line that it was.
        case message(ServerMessage, line: ArraySlice<UInt8>)
        case signal(Signals.Signal)
        case tooLate
    }

    /// Connects, and waits for the daemon's hello.
    ///
    /// - Throws: ``CommandFailure``: ``ResultCode/unreachable``, ``ResultCode/denied``, or what the daemon says.
    init(_ path: String, _ signals: Signals, within time: Duration) throws(CommandFailure) {
        let deadline = ContinuousClock.now + time
        self.signals = signals
        socket = try UnixSocket.connect(path, within: time)
        do {
            hello = try Self.hello(socket, signals, &input, path, until: deadline)
        } catch {
            close(socket)
            throw error
        }
    }

    deinit { close(socket) }

    /// - Throws: ``CommandFailure`` with ``ResultCode/unreachable`` when the daemon has disconnected.
    func send(_ message: ClientMessage) throws(CommandFailure) {
        var rest = (message.json.bytes + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent < 0 {
                if errno == EINTR { continue }
                throw Self.gone
            }
            rest = rest.dropFirst(sent)
        }
    }

    /// Waits for the next message that this version knows. Without signals, nothing but time ends the wait.
    ///
    /// - Throws: ``CommandFailure`` with ``ResultCode/unreachable`` when the daemon has disconnected, or sends garbage.
    func next(until deadline: ContinuousClock.Instant? = nil) throws(CommandFailure) -> Arrival {
        try Self.next(socket, signals, &input, until: deadline)
    }

    /// Whether there is unread input.
    var hasInput: Bool {
        if input.hasLine { return true }
        var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) > 0
    }

    /// Whether the daemon has closed the connection, also while something that it said before waits to be read: it says
    /// why it ends.
    var isClosed: Bool {
        var polled = pollfd(fd: socket, events: 0, revents: 0)
        return poll(&polled, 1, 0) > 0
    }

    // MARK: Reading

    /// Before the greeting that is, with socket activation, a daemon that cannot start.
    private static var gone: CommandFailure {
        CommandFailure(.unreachable, "the daemon has closed the connection", hint: UnixSocket.statusHint)
    }

    private static func hello(
        _ socket: Int32, _ signals: Signals, _ input: inout LineBuffer, _ path: String,
        until deadline: ContinuousClock.Instant
    ) throws(CommandFailure) -> ServerMessage.Hello {
        while true {
            switch try next(socket, signals, &input, until: deadline, isFirst: true) {
            case .message(.hello(let hello), let line):
                let version = (try? JSON(reading: line))?["hello"]?["protocol"]?.integer ?? ServerMessage.Hello.version
                guard version <= ServerMessage.Hello.version else {
                    throw CommandFailure(
                        .unreachable, "the daemon speaks version \(version) of the protocol, which is too new",
                        hint: "use the invitectl that came with invited \(hello.version)")
                }
                return hello
            // It says why it wants no session.
            case .message(.end(_, let end), _):
                throw CommandFailure(end.code == .ok ? .internal : end.code, end.message, hint: end.hint)
            case .message: throw CommandFailure(.unreachable, "what listens on \(path) is not invited")
            case .signal(.interrupt): throw CommandFailure(.cancelled, "cancelled")
            case .signal(.terminate(let number)): exit(128 + number)
            case .signal: continue
            case .tooLate: throw UnixSocket.unanswered(path)
            }
        }
    }

    private static func next(
        _ socket: Int32, _ signals: Signals, _ input: inout LineBuffer, until deadline: ContinuousClock.Instant?,
        isFirst: Bool = false
    ) throws(CommandFailure) -> Arrival {
        while true {
            if let line = input.next() {
                let json = try? JSON(reading: line)
                if let message = json.flatMap(ServerMessage.init) { return .message(message, line: line) }
                // Messages of newer daemons that are not known are ignored, except in place of the greeting.
                if case .object? = json, !isFirst { continue }
                throw CommandFailure(.unreachable, "what listens on the socket is not invited")
            }
            switch signals.wait(for: socket, until: deadline) {
            case .signal(let signal): return .signal(signal)
            case .tooLate: return .tooLate
            case .ready:
                switch input.read(from: socket) {
                case .some: continue
                case .end, .failed: throw gone
                case .tooLong: throw CommandFailure(.unreachable, "the daemon sends a line without an end")
                }
            }
        }
    }
}
