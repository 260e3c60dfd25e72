internal import Glibc

/// A peer with the names that its numbers have.
package struct PeerIdentity: Hashable, Sendable {
    package let credentials: PeerCredentials
    /// `nil` where the number has no name.
    package let user: String?
    /// The names of those of its groups that have one, by number.
    package let groups: [UInt32: String]

    package init(_ credentials: PeerCredentials, user: String?, groups: [UInt32: String] = [:]) {
        self.credentials = credentials
        self.user = user
        self.groups = groups
    }

    /// Looks the names up. This can ask a server on the network, and must not happen on an event loop.
    package init(lookingUp credentials: PeerCredentials) {
        var groups: [UInt32: String] = [:]
        for gid in credentials.allGroups { groups[gid] = Self.groupName(gid) }
        self.init(credentials, user: Self.userName(credentials.uid), groups: groups)
    }

    private static func userName(_ uid: UInt32) -> String? {
        withRoom { (room: UnsafeMutableBufferPointer<CChar>) -> Lookup in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = room.baseAddress else { return .none }
            let code = getpwuid_r(uid, &entry, start, room.count, &found)
            return Lookup(code, found.flatMap { $0.pointee.pw_name })
        }
    }

    private static func groupName(_ gid: UInt32) -> String? {
        withRoom { (room: UnsafeMutableBufferPointer<CChar>) -> Lookup in
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            guard let start = room.baseAddress else { return .none }
            let code = getgrgid_r(gid, &entry, start, room.count, &found)
            return Lookup(code, found.flatMap { $0.pointee.gr_name })
        }
    }

    private enum Lookup {
        case found(String)
        case none
        case needsRoom

        init(_ code: CInt, _ name: UnsafeMutablePointer<CChar>?) {
            self = code == ERANGE ? .needsRoom : name.map { .found(String(cString: $0)) } ?? .none
        }
    }

    /// A group's entry holds all its members, so that its size has no bound; beyond 1 MiB it has no name.
    private static func withRoom(_ look: (UnsafeMutableBufferPointer<CChar>) -> Lookup) -> String? {
        var size = 4096
        while size <= 1 << 20 {
            let result = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size, look)
            switch result {
            case .found(let name): return name
            case .none: return nil
            case .needsRoom: size *= 4
            }
        }
        return nil
    }
}
