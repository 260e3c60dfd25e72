package import Runtime

/// The operators' socket: every local user may connect, and the kernel identifies them.
package typealias ControlSocket = UnixSocket

extension UnixSocket {
    /// The socket that the service manager has bound: the one named `control`, or the only one where they have no names.
    ///
    /// - Returns: `nil` when none was passed.
    /// - Throws: ``Failure`` when that is no Unix stream socket that listens.
    package static func handedOver(_ sockets: HandedOverSockets) throws(Failure) -> ControlSocket? {
        do throws(HandedOverSockets.Failure) {
            return try sockets.descriptor(named: "control", isDefault: true, isLocal: true)
                .map { UnixSocket(handedOver: $0) }
        } catch {
            throw Failure(error.description)
        }
    }
}
