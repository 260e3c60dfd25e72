/// What the databases have done since the start, for the status.
public struct StorageStatistics: Hashable, Sendable {
    /// The databases that are open now.
    public let openDatabases: Int
    /// How often one was closed to make room for another.
    public let evictions: Int
    /// The transactions that have added invites.
    public let commits: Int
    /// The invites they have added.
    public let committedInvites: Int
}
