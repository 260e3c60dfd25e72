import Invites
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite struct FileShortageTests {
    @Test func itIsLoggedOnceAndRemembered() throws {
        let world = World()
        let surroundings = world.surroundings
        #expect(surroundings.fileShortage.description == nil)
        for _ in 0..<1000 { surroundings.noteFileShortage() }
        #expect(world.log.items.count == 1)
        #expect(world.log.items.first?.hasPrefix("error too many files are open") == true, "\(world.log.items)")
        let text = try #require(surroundings.fileShortage.description)
        #expect(text.contains("LimitNOFILE"))
    }
}
