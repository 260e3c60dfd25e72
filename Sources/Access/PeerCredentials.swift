internal import Glibc

/// The process at the other end of a Unix socket, as the kernel recorded it when it connected.
package struct PeerCredentials: Hashable, Sendable {
    package let pid: Int32
    package let uid: UInt32
    package let gid: UInt32
    /// The supplementary groups.
    package let groups: [UInt32]

    package init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }

    /// The process's own group and the supplementary ones.
    package var allGroups: Set<UInt32> { Set(groups).union([gid]) }

    /// Asks the kernel about a connected socket: `SO_PEERCRED` and `SO_PEERGROUPS` (socket(7), unix(7)).
    ///
    /// - Returns: `nil` when it does not report them, as for a socket that is no Unix socket.
    package init?(of socket: CInt) {
        // struct ucred, which Glibc shows only to GNU sources.
        var peer: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: peer))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0,
            size == MemoryLayout.size(ofValue: peer),
            let groups = Self.groups(of: socket)
        else { return nil }
        self.init(pid: peer.pid, uid: peer.uid, gid: peer.gid, groups: groups)
    }

    private static func groups(of socket: CInt) -> [UInt32]? {
        let width = MemoryLayout<gid_t>.stride
        // With too little room the kernel says how much it takes. A process is in no more than 65,536 groups.
        var groups = [gid_t](repeating: 0, count: 64)
        for _ in 0..<2 {
            var size = socklen_t(groups.count * width)
            if getsockopt(socket, SOL_SOCKET, CInt(SO_PEERGROUPS), &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / width))
            }
            guard errno == ERANGE, size <= 65_536 * width else { return nil }
            groups = [gid_t](repeating: 0, count: Int(size) / width)
        }
        return nil
    }
}
