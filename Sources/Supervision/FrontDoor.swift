/// What brings requests to the hosts, such as the XMPP component.
package protocol FrontDoor: Sendable {
    /// From now on these hosts are served. Called for one change after the other; it must not block.
    func hostsChanged(_ change: HostChange)

    /// Operators have made, changed or removed invites of a host, and so may have the names that they hold. It must not wait.
    func invitesChanged(on host: String)

    /// Returns when what it has accepted for the host until now is answered. What it remembers between two requests, such
    /// as sessions, is forgotten.
    func drain(_ service: HostService) async
}

/// One change of the hosts that are served.
package struct HostChange: Sendable {
    /// All hosts after the change.
    package let table: HostTable
    /// Those that were not there before, or not with this configuration.
    package let replaced: [Host]
    /// Those that are gone.
    package let removed: [Host]
}
