/// How many sessions there are, and whose: who may have one more.
struct Seats: Sendable {
    /// Sessions in all.
    private let all: Int
    /// Of them, those that only admins of all hosts get, so that there is always a way in.
    private let keptForAdmins: Int
    /// Sessions of one user who is no such admin.
    private let ofOneUser: Int

    private var taken = 0
    private var byUser: [UInt32: Int] = [:]

    init(all: Int = 64, keptForAdmins: Int = 8, ofOneUser: Int = 16) {
        self.all = all
        self.keptForAdmins = keptForAdmins
        self.ofOneUser = ofOneUser
    }

    /// The sessions that there may be among so many connections, and the connections left to those who are not let in yet.
    static func shared(among connections: Int) -> (sessions: Seats, arrivals: Seats) {
        let sessions = min(64, max(connections * 3 / 4, 1))
        return (
            Seats(all: sessions, keptForAdmins: min(8, sessions / 4), ofOneUser: min(16, max(sessions / 4, 1))),
            Seats(all: min(256, max(connections - sessions, 1)), keptForAdmins: 0, ofOneUser: 16)
        )
    }

    /// Takes a seat, if there is one.
    mutating func take(_ uid: UInt32, isAdmin: Bool) -> Bool {
        let isFree =
            isAdmin
            ? taken < all : taken < all - keptForAdmins && byUser[uid, default: 0] < ofOneUser
        guard isFree else { return false }
        taken += 1
        byUser[uid, default: 0] += 1
        return true
    }

    /// Gives a seat back that was taken.
    mutating func leave(_ uid: UInt32) {
        guard let count = byUser[uid] else { return }
        taken -= 1
        byUser[uid] = count > 1 ? count - 1 : nil
    }
}
