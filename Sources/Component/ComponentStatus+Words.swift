package import Configuration
package import XMPP

extension ComponentStatus {
    /// The status of the connection, for people.
    ///
    /// - Parameter server: Where the server is.
    package func words(_ server: ServerAddress) -> String {
        switch self {
        case .connecting: "connecting to \(server)"
        case .connected: "connected to \(server)"
        case .waiting(let reason, _): "waiting for \(server): \(reason)"
        case .stopped: "stopped"
        }
    }
}
