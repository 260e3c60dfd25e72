/// Counts things of a kind, such as sessions, by user, and decides whether a user may have one more.
struct UserQuota: Sendable {
    /// How many there may be in all.
    private let all: Int
    /// Of them, those that only admins of all hosts get, so that they can always connect.
    private let reservedForAdmins: Int
    /// How many of one user who is not admin of all hosts.
    private let perUser: Int

    private var taken = 0
    private var byUser: [UInt32: Int] = [:]

    init(all: Int = 64, reservedForAdmins: Int = 8, perUser: Int = 16) {
        self.all = all
        self.reservedForAdmins = reservedForAdmins
        self.perUser = perUser
    }

    /// The most sessions among so many connections, and the connections left to those that are not admitted yet.
    static func shared(among connections: Int) -> (sessions: UserQuota, arrivals: UserQuota) {
        let sessions = min(64, max(connections * 3 / 4, 1))
        return (
            UserQuota(all: sessions, reservedForAdmins: min(8, sessions / 4), perUser: min(16, max(sessions / 4, 1))),
            UserQuota(all: min(256, max(connections - sessions, 1)), reservedForAdmins: 0, perUser: 16)
        )
    }

    /// Counts one more, if there may be one.
    mutating func acquire(_ uid: UInt32, isAdmin: Bool) -> Bool {
        let isFree =
            isAdmin
            ? taken < all : taken < all - reservedForAdmins && byUser[uid, default: 0] < perUser
        guard isFree else { return false }
        taken += 1
        byUser[uid, default: 0] += 1
        return true
    }

    /// Counts one less.
    mutating func release(_ uid: UInt32) {
        guard let count = byUser[uid] else { return }
        taken -= 1
        byUser[uid] = count > 1 ? count - 1 : nil
    }
}
