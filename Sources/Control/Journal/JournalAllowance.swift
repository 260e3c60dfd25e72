/// How much each user may write into the journal: enough for any work, and too little to rotate out of it, in a night,
/// what they have done.
///
/// A user has a balance of bytes, which grows with time. While it is positive, any change may begin.
struct JournalAllowance: Hashable, Sendable {
    /// Bytes that a user can save up, which is a file of the journal.
    static let most = 4 << 20
    /// Milliseconds after which an empty balance is full again: a day.
    static let span: Int64 = 86_400_000

    private struct Balance: Hashable {
        var bytes: Int
        /// When it was right, in milliseconds of a monotonic clock.
        var time: Int64

        func now(_ time: Int64) -> Int {
            let elapsed = min(max(0, time - self.time), 2 * JournalAllowance.span)
            return min(
                JournalAllowance.most, bytes + Int(elapsed * Int64(JournalAllowance.most) / JournalAllowance.span))
        }
    }

    /// Of those who have less than ``most``.
    private var balances: [UInt32: Balance] = [:]

    /// Milliseconds until the user may begin a change; 0 when that is now.
    func delay(of user: UInt32, at time: Int64) -> Int64 {
        guard let balance = balances[user]?.now(time), balance <= 0 else { return 0 }
        return (1 - Int64(balance)) * Self.span / Int64(Self.most) + 1
    }

    /// Takes from the balance what was written for the user.
    mutating func charge(_ bytes: Int, to user: UInt32, at time: Int64) {
        // Not more than there are users with a role.
        balances = balances.filter { $0.value.now(time) < Self.most }
        balances[user] = Balance(bytes: (balances[user]?.now(time) ?? Self.most) - bytes, time: time)
    }
}
