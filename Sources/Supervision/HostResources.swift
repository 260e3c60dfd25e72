internal import Configuration
internal import Invites
internal import Runtime
internal import Storage
internal import XMPP

/// What all hosts share, and what makes a host's service from its configuration.
struct HostResources: Sendable {
    let databases: InviteDatabases
    let outlet: Outlet
    let inFlight: InFlight
    let deadlines: Deadlines
    let refusals: RefusalLog
    let quarantines: Quarantines
    let surroundings: Dependencies

    /// Makes the service of one host. Nothing is opened for it yet.
    @Sendable func makeEntry(_ configuration: HostConfiguration) -> RoutingTable.Entry {
        let policy = InvitePolicy(configuration)
        let store = databases.store(for: configuration.host)
        let service = HostService(
            policy, store: store, surroundings: surroundings, deadlines: deadlines, quarantines: quarantines)
        let endpoint = HostEndpoint(
            policy, service: service, outlet: outlet, inFlight: inFlight, refusals: refusals,
            surroundings: surroundings)
        return RoutingTable.Entry(configuration: configuration, policy: policy, endpoint: endpoint)
    }
}
