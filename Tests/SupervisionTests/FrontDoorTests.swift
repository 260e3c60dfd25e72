import Configuration
import Synchronization
import TestSupport
import Testing

@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct FrontDoorTests {
    /// Asks for the hosts while it is notified of them.
    private final class CuriousDoor: FrontDoor {
        private let registry: HostRegistry
        private let seen = Mutex<[[String]]>([])

        init(_ registry: HostRegistry) { self.registry = registry }

        func hostsChanged(_ change: HostChange) {
            let names = registry.table.names
            #expect(names == change.table.names && names.allSatisfy { registry[$0] != nil })
            seen.withLock { $0.append(names) }
        }

        func invitesChanged(on host: String) {}

        func drain(_ service: HostService) async {}

        var all: [[String]] { seen.withLock { $0 } }
    }

    @Test func aDoorMayAskForTheHostsWhileItIsToldOfThem() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            let door = CuriousDoor(fixture.daemon.registry)
            fixture.daemon.registry.add(door)
            try fixture.remove("b.example")
            _ = await fixture.daemon.configuration.reload()
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["A"], of: "a.example")
            #expect(door.all == [["a.example", "b.example"], ["a.example"], ["a.example"]])
        }
    }
}
