package import Invites

/// The invites of one host.
///
/// What has to hold among several invites is decided by the call that stores, in its transaction. A call does no I/O on its
/// caller's thread, and one that was accepted is done to its end, even if the task that waits for it is cancelled. All
/// throw ``StoreError``.
package protocol InviteRepository: RedemptionRepository {
    /// The host, prepared.
    var host: String { get }

    /// Stores those of the invites whose limits allow it, in order. When this returns, they are on the disk and survive
    /// a crash and a power cut. Invites that other callers add meanwhile share the transaction, and its cost.
    ///
    /// - Throws: Then none was stored.
    func add(_ invites: [NewInvite]) async throws(StoreError) -> InviteAddition

    /// The invite with `token`, whether or not it has expired.
    func invite(withToken token: Token) async throws(StoreError) -> Invite?

    /// Those of the numbers that there are, in the order of `numbers`.
    func invites(numbered numbers: [Int64]) async throws(StoreError) -> [StoredInvite]

    /// Invites that the filter selects, in the order of their numbers. A call reads one stretch of rows, in a short
    /// turn, so that other requests do not wait: to get all, call again with the `next` of the last result.
    ///
    /// - Parameters:
    ///   - start: The number after which to begin.
    ///   - end: The last number of interest.
    ///   - limit: The most to return, at least one.
    func page(
        _ filter: InviteFilter, after start: Int64, through end: Int64, limit: Int
    ) async throws(StoreError) -> InvitePage

    /// Counts a stretch of the invites that the filter selects.
    func count(_ filter: InviteFilter, after start: Int64, through end: Int64) async throws(StoreError) -> InviteTally

    /// Removes up to 500 of a stretch of the invites that the filter selects; they are removed from the disk when this
    /// returns, and the room that they took is freed soon after.
    func remove(_ filter: InviteFilter, after start: Int64, through end: Int64) async throws(StoreError) -> InviteTally

    /// Removes these invites in one transaction, as ``remove(_:after:through:)`` does.
    ///
    /// - Returns: How many there were.
    func remove(numbered numbers: [Int64]) async throws(StoreError) -> Int

    /// Sets when an invite expires, unless it was revoked or used up, or has expired by `now` and its username is held
    /// by another invite.
    func extend(_ number: Int64, until expiry: Timestamp, at now: Timestamp) async throws(StoreError) -> InviteExtension

    /// The highest number in use, 0 if none is.
    func lastNumber() async throws(StoreError) -> Int64

    /// How many rows are stored, expired invites included.
    func storedCount() async throws(StoreError) -> Int

    /// What a user has of what the limits bound, at `now`.
    func usage(of user: Account, under limits: InviteLimits, at now: Timestamp) async throws(StoreError) -> InviteUsage

    /// Invites whose numbers begin with the digits of `prefix`, those that are still good at `now` first, then the
    /// newest; of very many, only the latest are read.
    func newest(_ prefix: String, limit: Int, at now: Timestamp) async throws(StoreError) -> [StoredInvite]

    /// Checks that the storage works: reads all of it and writes to it. It is made if there is none.
    func check() async throws(StoreError)

    /// Closes its files once all calls before it are done. The next call opens them again.
    func close() async

    /// What it is at work on now; `nil` while all that was asked waits for its turn.
    var activity: RepositoryActivity? { get }
}

/// What a repository is at work on.
package enum RepositoryActivity: Hashable, Sendable {
    case call
    /// Something that takes long with many invites and is done once, such as bringing them into a newer form.
    case conversion
}

/// The repositories of all hosts.
package protocol InviteRepositories: Sendable {
    /// The repository of `host`, the same one at each call. Does no I/O; whether it works shows when it is used.
    func repository(of host: String) -> any InviteRepository

    /// The hosts that may have invites, sorted; it waits for the disk on the caller's thread.
    func hostsWithInvites() throws(StoreError) -> [String]

    /// Those of the hosts that may have invites, in the same order; it waits for the disk on the caller's thread.
    func hostsWithInvites(among candidates: [String]) throws(StoreError) -> [String]

    /// Opens the databases of those of the hosts that have one, the last used first, as many as may be open at once: what is open
    /// makes the first request wait less. Returns when all are open or `isLate` says so.
    func openAhead(_ hosts: [String], before isLate: @escaping @Sendable () -> Bool) async

    /// Copies all that a host's database holds at one moment after the call, including all that was stored before it.
    /// The host continues meanwhile. Without a database the copy is an empty one.
    ///
    /// - Throws: ``StoreError``, or `CancellationError`.
    func backUp(_ host: String, at now: Timestamp) async throws -> BackupFile

    /// Makes an empty file in which a backup is received; it waits for the disk on the caller's thread.
    func receiveBackup() throws(StoreError) -> IncomingBackup

    /// Checks whether all that was received is a sound backup of the host, and migrates it to the present schema.
    ///
    /// - Parameter isAnyHost: Whether it may be of another host, or name none.
    /// - Throws: ``BackupRefusal``, ``StoreError``, or `CancellationError`.
    func check(_ backup: IncomingBackup, for host: String, isAnyHost: Bool) async throws -> BackupSummary

    /// Replaces the host's database by a backup that was checked, between two calls. After a crash at any point one of
    /// the two is in place, whole. The replaced database is kept beside it.
    ///
    /// - Parameter keepsOpen: Whether invites are good as in the backup. Otherwise they expire no later than in the
    ///   present database, and those that it does not have expire now.
    func restore(
        _ backup: IncomingBackup, of host: String, at now: Timestamp, keepsOpen: Bool
    ) async throws(StoreError) -> Restoration

    /// Completes all accepted calls, and lets another process use the state directory. Meanwhile and afterwards every
    /// call of a repository throws ``StoreError/closed``.
    func shutdown() async
}
