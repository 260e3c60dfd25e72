/// What a user of the control socket may do. Each role may do what the ones before it may.
package enum Role: String, CaseIterable, Comparable, Hashable, Sendable {
    /// Views, and changes nothing.
    case viewer
    /// Changes what concerns single hosts and their invites.
    case `operator`
    /// Changes everything, the daemon included.
    case admin

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }
}
