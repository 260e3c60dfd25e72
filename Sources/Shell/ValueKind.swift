/// The kind of a value on the command line: how it is checked, and what completes it.
package enum ValueKind: Hashable, Sendable {
    /// A host that the caller sees. For all others it does not exist. Completed with the hosts.
    case host
    /// The address `user@host` of a user of a host that the caller sees. Completed with the hosts.
    case user
    /// Any bare JID.
    case jid
    /// The number of an invite of the host that an argument before it names. Completed with that host's invites.
    case invite
    /// A key of a host's file. Completed with them.
    case key
    /// The value of the key that an argument before it names. Completed with what the key takes and has.
    case setting
    /// A length of time such as `1d12h`, as ``Invites/Lifetime`` reads it.
    case duration
    /// A whole number.
    case count(ClosedRange<Int>)
    /// One of these words.
    case choice([String])
    /// The hash of a plan. Completed with the present one.
    case plan
    /// Words that make up a command's path, or begin one.
    case command
    /// Any text without control characters.
    case text
}
