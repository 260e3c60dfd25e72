internal import Glibc

/// The sockets that the service manager has bound (sd_listen_fds(3)), by their names.
package final class HandedOverSockets: Sendable {
    /// A socket that is not what it should be.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    private let found: [(name: String?, descriptor: CInt)]
    /// Why those that there should be are not taken.
    private let failure: Failure?

    private init(_ found: [(name: String?, descriptor: CInt)], failure: Failure? = nil) {
        self.found = found
        self.failure = failure
    }

    package static let none = HandedOverSockets([])

    /// Takes the sockets that were passed to this process. The environment variables are removed afterwards.
    package static func take() -> HandedOverSockets {
        let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
        let values = variables.map { name in getenv(name).map { String(cString: $0) } }
        // For this process, and not for those it starts.
        for name in variables { unsetenv(name) }
        guard let process = values[0], process == String(getpid()), let count = values[1].flatMap(CInt.init), count > 0
        else { return none }
        let names = values[2]?.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let first: CInt = 3
        let (end, isTooMuch) = first.addingReportingOverflow(count)
        guard !isTooMuch, end <= 1024 else {
            return HandedOverSockets([], failure: Failure(description: "LISTEN_FDS is out of range"))
        }
        var found: [(String?, CInt)] = []
        for (index, descriptor) in (first..<end).enumerated() {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                return HandedOverSockets(
                    [], failure: Failure(description: "descriptor \(descriptor) of LISTEN_FDS is not open"))
            }
            found.append((names.map { index < $0.count ? $0[index] : "" }, descriptor))
        }
        return HandedOverSockets(found)
    }

    /// The socket of a name, which has to be a stream socket that listens.
    ///
    /// - Parameters:
    ///   - isDefault: Whether it is also the only one where they have no names.
    ///   - isLocal: Whether it has to be a Unix socket.
    /// - Returns: `nil` where there is none.
    package func descriptor(
        named name: String, isDefault: Bool = false, isLocal: Bool = false
    ) throws(Failure) -> CInt? {
        if let failure { throw failure }
        let named = found.first { $0.name == name }
        let only = isDefault && found.count == 1 && found[0].name == nil ? found[0] : nil
        guard let descriptor = (named ?? only)?.descriptor else { return nil }
        let domain = Self.option(SO_DOMAIN, of: descriptor)
        let isKnown = domain == AF_UNIX || !isLocal && (domain == AF_INET || domain == AF_INET6)
        guard isKnown, Self.option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            Self.option(SO_ACCEPTCONN, of: descriptor) == 1
        else {
            let kind = isLocal ? "Unix stream socket" : "stream socket"
            throw Failure(description: "descriptor \(descriptor) of LISTEN_FDS is no \(kind) that listens")
        }
        return descriptor
    }

    private static func option(_ option: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = -1
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }
}
