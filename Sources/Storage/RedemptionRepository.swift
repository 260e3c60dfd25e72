package import Invites

/// The redemptions of one host's invites.
///
/// What has to hold, that a use is left and a name is free, is decided in the transaction that stores, by the rules of
/// ``Invites/TokenFacts``. As with ``InviteRepository``, what a call has stored is on the disk when it returns.
package protocol RedemptionRepository: Sendable {
    /// The invites with these tokens, `nil` where there is none, in one turn. It only reads.
    func storedInvites(withTokens tokens: [Token]) async throws(StoreError) -> [StoredInvite?]

    /// The invite with a token, if it was read within the last second and nothing was changed since; it is what ``storedInvites(withTokens:)``
    /// would find, and does not wait. `nil` says nothing.
    func recentInvite(withToken token: Token) -> StoredInvite?

    /// The invite with a token, and what an attempt has, in one turn. It only reads.
    func storedInvite(
        withToken token: Token, for attempt: String
    ) async throws(StoreError) -> (invite: StoredInvite?, redemption: Redemption?)

    /// Carries out the requests, in order, in one transaction that is shared with other callers. Each sees those before
    /// it; a refused one changes nothing. A request that was done before has the same outcome again.
    func redeem(
        _ requests: [RedemptionRequest], under terms: RedemptionTerms
    ) async throws(StoreError) -> RedemptionResults

    /// Whether an invite that is good, or an attempt, holds a name.
    func isHeld(_ username: String, at now: Timestamp) async throws(StoreError) -> Bool

    /// Names that invites hold, those that will be held longest first.
    func heldUsernames(limit: Int, at now: Timestamp) async throws(StoreError) -> [String]

    /// When the first of those names is held no longer, if nothing else happens; `nil` where there is none.
    func firstEndOfHeldUsernames(at now: Timestamp) async throws(StoreError) -> Timestamp?

    /// What is due at `now`, and when the next is due. It only reads.
    func dueWork(at now: Timestamp, limit: Int) async throws(StoreError) -> DueWork

    /// Records what servers said of accounts, see ``Invites/Redemption/state(after:at:)``. An answer about a redemption that is
    /// no longer as it was when it was asked for counts for nothing: it may have another name by now.
    ///
    /// - Returns: The redemptions that were changed, as they are then.
    func record(
        _ answers: [Redemption: AccountAnswer], under terms: RedemptionTerms
    ) async throws(StoreError) -> [Redemption]

    /// Makes due at once what waits for a server that did not answer: it may do so now.
    func hasten(at now: Timestamp) async throws(StoreError)

    /// Records what became of tasks, by their numbers.
    func record(_ outcomes: [Int64: TaskOutcome], at now: Timestamp) async throws(StoreError)

    /// Revokes invites. Those that are revoked, used or unknown stay as they are.
    ///
    /// - Returns: Those that were revoked by this call.
    func revoke(_ numbers: [Int64], _ revocation: Revocation) async throws(StoreError) -> [StoredInvite]

    /// Restores revoked invites, except those whose fixed name has been given away meanwhile.
    ///
    /// - Returns: How many there were.
    func reinstate(_ numbers: [Int64], at now: Timestamp) async throws(StoreError) -> Int

    /// Ends reservations of an invite whose result only an operator knows.
    ///
    /// - Returns: Those that were released.
    func release(
        reservationsOf invite: Int64, reason: String, at now: Timestamp
    ) async throws(StoreError) -> [Redemption]

    /// The account was deleted: its open invites, and those that reset its password, are revoked, its name and address are
    /// forgotten in redemptions, and what was to be done for it is not.
    ///
    /// - Returns: How many invites were revoked.
    func forget(_ account: Account, _ revocation: Revocation) async throws(StoreError) -> Int

    /// The redemptions of an invite, in the order of their numbers.
    func redemptions(of invite: Int64, limit: Int) async throws(StoreError) -> [Redemption]

    /// Redemptions that the filter means, in the order of their numbers, after `start`; a stretch at a time, as
    /// ``InviteRepository/page(_:after:through:limit:)`` does.
    func redemptions(
        _ filter: RedemptionFilter, after start: Int64, limit: Int
    ) async throws(StoreError) -> RedemptionPage

    /// The latest redemptions by which a user got an account, a password or a contact, in any state, the newest first.
    func latestRedemptions(of account: Account, limit: Int) async throws(StoreError) -> [Redemption]

    /// Invites that fix a name or reset the password of its account, the newest first.
    func invites(for username: String, limit: Int) async throws(StoreError) -> [StoredInvite]

    /// The invitees of a user in the tree: accounts that were made by redemptions with numbers between these, in their
    /// order.
    func invitees(
        of inviter: Account, after start: Int64, before end: Int64, limit: Int
    ) async throws(StoreError) -> [Redemption]

    /// The roots of the trees of who invited whom: accounts without a known inviter, and of those whose inviter is in
    /// no tree, the first of each. A stretch at a time.
    func roots(after start: Int64, limit: Int) async throws(StoreError) -> RedemptionPage

    /// The redemptions by which an account of this name was made, each time that it was, in their order.
    ///
    /// - Parameter start: The number after which to begin.
    func registrations(of username: String, after start: Int64, limit: Int) async throws(StoreError) -> [Redemption]

    /// Tasks that concern a user, in the order of their numbers; a stretch at a time.
    func tasks(concerning account: Account, after start: Int64) async throws(StoreError) -> (
        tasks: [RecordedTask], next: Int64?
    )

    /// Revokes the invites of a user and those for their name, and removes their name and address from all rows, except
    /// those of attempts that have not ended.
    func erase(_ account: Account, _ revocation: Revocation) async throws(StoreError) -> Erasure

    /// The tasks of a redemption, done ones included.
    func tasks(of redemption: Int64) async throws(StoreError) -> [RecordedTask]

    /// Removes from a stretch of all redemptions those that were released by then, and the tasks that were done by then.
    func removeReleased(endedBy time: Timestamp, after start: Int64) async throws(StoreError) -> InviteTally
}

/// What became of requests.
package struct RedemptionResults: Hashable, Sendable {
    /// For each, in order.
    package var results: [Result<RedemptionOutcome, RedemptionRefusal>]
    /// The numbers of invites that now have more confirmed uses than they allow: an account was there already when it
    /// was confirmed.
    package var overused: [Int64]

    package init(_ results: [Result<RedemptionOutcome, RedemptionRefusal>] = [], overused: [Int64] = []) {
        self.results = results
        self.overused = overused
    }
}

extension RedemptionRepository {
    package func recentInvite(withToken token: Token) -> StoredInvite? { nil }

    /// The invite with a token and its number.
    package func storedInvite(withToken token: Token) async throws(StoreError) -> StoredInvite? {
        try await storedInvites(withTokens: [token]).first ?? nil
    }
}

/// The conditions under which requests are decided.
package struct RedemptionTerms: Hashable, Sendable {
    package var now: Timestamp
    /// Whether the host notifies inviters of redemptions (`notify_inviter`).
    package var notifiesInviter: Bool

    package init(now: Timestamp, notifiesInviter: Bool = true) {
        self.now = now
        self.notifiesInviter = notifiesInviter
    }
}

/// What has to be asked of servers.
package struct DueWork: Hashable, Sendable {
    /// Redemptions whose accounts are to be asked for.
    package var questions: [Redemption]
    package var tasks: [RedemptionTask]
    /// When something that is not among these is due; `nil` where nothing is.
    package var next: Timestamp?

    package init(questions: [Redemption] = [], tasks: [RedemptionTask] = [], next: Timestamp? = nil) {
        self.questions = questions
        self.tasks = tasks
        self.next = next
    }
}

/// Selects redemptions. Each part that is not `nil` must match.
package struct RedemptionFilter: Hashable, Sendable {
    package var inviter: Account?
    /// As in ``Invites/Redemption/account``.
    package var account: String?
    package var isConfirmed: Bool?

    package init(inviter: Account? = nil, account: String? = nil, isConfirmed: Bool? = nil) {
        self.inviter = inviter
        self.account = account
        self.isConfirmed = isConfirmed
    }
}

/// Some redemptions, and where to continue.
package struct RedemptionPage: Hashable, Sendable {
    package var redemptions: [Redemption]
    /// The number after which the next page begins; `nil` when there is none. A page with a next one may be empty.
    package var next: Int64?

    package init(_ redemptions: [Redemption] = [], next: Int64? = nil) {
        self.redemptions = redemptions
        self.next = next
    }
}

/// A task, and how it ended.
package struct RecordedTask: Hashable, Sendable {
    package var task: RedemptionTask
    package var doneAt: Timestamp?
    /// Why it will never be done.
    package var impossible: String?

    package init(_ task: RedemptionTask, doneAt: Timestamp? = nil, impossible: String? = nil) {
        self.task = task
        self.doneAt = doneAt
        self.impossible = impossible
    }
}

/// What the erasure of a user removed.
package struct Erasure: Hashable, Sendable {
    /// The numbers of invites that were revoked.
    package var revoked: [Int64]
    /// Of how many invites, redemptions and tasks a name was removed.
    package var invites = 0
    package var redemptions = 0
    package var tasks = 0
    /// The numbers of redemptions that retain the name until they end.
    package var kept: [Int64]

    package init(revoked: [Int64] = [], kept: [Int64] = []) {
        self.revoked = revoked
        self.kept = kept
    }
}
