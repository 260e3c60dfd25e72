/// Who had an invite made.
package enum InviteCreator: String, CaseIterable, Hashable, Sendable {
    /// A user or an admin of a host, with a command of XMPP. Only these count against a user's limits.
    case user
    /// An operator, in the shell.
    case `operator`
}
