import Invites
import Runtime
import Storage
import TestSupport

@testable import Component
@testable import Configuration
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision
@testable import XMPP

/// A router with its hosts, their databases and the wire, without a server.
struct ComponentFixture {
    let controlled: ControlledDependencies
    let directory: TemporaryDirectory
    let registry: HostRegistry
    let wire: Wire
    let outlet: Outlet
    let inFlight: InFlight
    let router: Router
    var databases: InviteDatabases {
        guard let databases = registry.databases as? InviteDatabases else { fatalError("tests run on SQLite") }
        return databases
    }

    /// Runs a body with these hosts, and removes what they left.
    static func with(
        _ hosts: [HostConfiguration], inFlight limit: Int = 100_000,
        controlled: ControlledDependencies = ControlledDependencies(), redeeming: (any Redeeming)? = nil,
        onSend: @escaping @Sendable (IQ) -> Void = { _ in }, _ body: (ComponentFixture) async throws -> Void
    ) async throws {
        let fixture = try await ComponentFixture(
            hosts, limit: limit, controlled: controlled, redeeming: redeeming, onSend: onSend)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        await fixture.databases.shutdown()
        await fixture.wire.close()
        try result.get()
    }

    private init(
        _ hosts: [HostConfiguration], limit: Int, controlled: ControlledDependencies, redeeming: (any Redeeming)?,
        onSend: @escaping @Sendable (IQ) -> Void
    ) async throws {
        self.controlled = controlled
        directory = try TemporaryDirectory()
        registry = try HostRegistry(
            stateDirectory: directory.path + "/state", maximumOpenDatabases: 16, dependencies: controlled.dependencies)
        outlet = Outlet()
        wire = try await Wire(outlet, onSend: onSend)
        inFlight = InFlight(limit: limit)
        router = Router(
            domain: component.domain, outlet: outlet, inFlight: inFlight, refusals: RefusalLog(controlled.dependencies),
            redeeming: redeeming ?? HostRedeeming(registry: registry), dependencies: controlled.dependencies)
        registry.add(router)
        serve(hosts)
    }

    /// Switches to these hosts.
    func serve(_ hosts: [HostConfiguration]) {
        let new = Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0) })
        registry.apply(ConfigurationDiff(from: registry.table.hosts.mapValues(\.configuration), to: new))
    }

    func endpoint(_ host: String) -> HostEndpoint? { router.currentTable.hosts[host]?.endpoint }

    /// Where the database of a host is.
    func databasePath(_ host: String) -> String { "\(directory.path)/state/hosts/\(host).sqlite3" }

    /// Hands requests to the router, and waits until nothing is left to do.
    ///
    /// - Returns: All that was sent because of them.
    func answers(to requests: [IQ]) async throws -> [IQ] {
        try await wire.flush()
        let before = wire.all.count
        router.receive(requests.map { .iq($0) })
        await inFlight.waitUntilNone()
        try await wire.flush()
        return Array(wire.all.dropFirst(before))
    }
}
