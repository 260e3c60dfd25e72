import Configuration
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite struct RefusedHostsTests {
    @Test(arguments: [
        (["b", "d"], [], ["b", "d"]), ([], ["c", "a"], ["a", "c"]), (["b", "d"], ["a"], ["a", "b", "d"]),
        (["b", "d"], ["e", "c"], ["b", "c", "d", "e"]), (["b", "d"], ["d", "b"], ["b", "d"]),
        (["b"], ["a", "a", "c", "c"], ["a", "b", "c"]),
    ])
    func namesAreMergedInOrderAndOnce(running: [String], refused: [String], all: [String]) {
        let files = refused.map { RefusedHost(host: $0, file: "\($0).yaml", diagnostics: []) }
        let refused = RefusedHosts(files + [RefusedHost(host: nil, file: "nobody", diagnostics: [])])
        #expect(refused.names(with: running) == all)
    }
}
