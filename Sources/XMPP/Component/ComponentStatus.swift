/// Why a component stream ended or could not be opened.
package enum DisconnectReason: Hashable, Sendable {
    /// Another instance holds the address.
    case conflict
    /// The server did not accept the secret.
    case wrongSecret
    /// The server does not serve the address.
    case unknownComponent
    /// No connection could be made; the system's words.
    case unreachable(String)
    /// The connection broke.
    case connectionLost
    /// The server ended the stream in good order.
    case closedByServer
    /// The server ended the stream with an error.
    case streamError(StreamError)
    /// What the server sent cannot be read.
    case protocolViolation(StreamError)
    /// The server did not finish the handshake in time.
    case handshakeTimeout
    /// The server answered nothing for too long.
    case silent
    /// We ended it.
    case shutDown
    /// We ended it to connect again.
    case reconnecting

    /// What a stream error means: during the handshake, `not-authorized` is about the secret and `conflict` about
    /// another instance (XEP-0114 §3; Prosody also answers `host-unknown`).
    init(_ error: StreamError, duringHandshake: Bool) {
        switch error.condition {
        case .conflict: self = .conflict
        case .notAuthorized where duringHandshake: self = .wrongSecret
        case .hostUnknown where duringHandshake: self = .unknownComponent
        default: self = .streamError(error)
        }
    }

    /// Whether the same attempt is likely to fail again until a person changes something.
    package var needsOperator: Bool {
        switch self {
        case .conflict, .wrongSecret, .unknownComponent: true
        default: false
        }
    }
}

extension DisconnectReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .conflict: "conflict: another instance is connected with this address"
        case .wrongSecret: "wrong secret: the server does not accept it"
        case .unknownComponent: "the server has no component of this address"
        case .unreachable(let why): "unreachable: \(why)"
        case .connectionLost: "the connection was lost"
        case .closedByServer: "the server closed the stream"
        case .streamError(let error): "stream error of the server: \(error)"
        case .protocolViolation(let error): "the server's stream cannot be read: \(error)"
        case .handshakeTimeout: "the server did not finish the handshake in time"
        case .silent: "the server does not answer any more"
        case .shutDown: "shut down"
        case .reconnecting: "ended to connect again"
        }
    }
}

/// The status of the component connection.
package enum ComponentStatus: Hashable, Sendable {
    /// Trying to reach the server, for the how many-th time since the last success, from 1.
    case connecting(attempt: Int)
    case connected
    /// Waiting to try again.
    case waiting(DisconnectReason, retryAfter: Duration)
    case stopped
}

/// The status of the component connection, and its history. Times are milliseconds since 1970-01-01T00:00:00Z.
package struct ComponentReport: Hashable, Sendable {
    package var status: ComponentStatus
    /// When that began.
    package var since: Int64
    /// Attempts since the last success, with the present one.
    package var attempt = 0
    /// While it waits, when the next attempt is.
    package var retryAt: Int64?
    /// Why the last connection ended, or the last attempt failed.
    package var lastTrouble: DisconnectReason?
    /// When that was.
    package var lastTroubleAt: Int64?
}
