import Invites
import Synchronization
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Runtime
@testable import Supervision

@Suite struct EntropyTests {
    @Test func wordsThatWereDrawnComeOnce() {
        let draws = Mutex(0)
        var entropy = Entropy {
            let draw = draws.withLock { draws in
                draws += 1
                return draws
            }
            return (0..<4).map { UInt64(draw * 10 + $0) }
        }
        let words = (0..<12).map { _ in entropy.next() as UInt64 }
        #expect(Set(words) == [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33])
        #expect(draws.withLock { $0 } == 3)
    }

    @Test func aSourceThatGivesNothingIsReplaced() {
        var entropy = Entropy { [] }
        #expect(Set((0..<8).map { _ in entropy.next() as UInt64 }).count == 8)
    }

    @Test func theSystemRepeatsNothing() {
        var one = Entropy.system
        var other = Entropy.system
        let words = (0..<200).flatMap { _ in [one.next() as UInt64, other.next() as UInt64] }
        #expect(Set(words).count == 400)
    }

    @Test func tokensOfTwoCopiesDiffer() {
        let dependencies = ControlledDependencies().dependencies
        let now = dependencies.now()
        var one = dependencies.entropy
        var other = dependencies.entropy
        let tokens = (0..<50).flatMap { _ in [Token.random(at: now, using: &one), Token.random(at: now, using: &other)]
        }
        #expect(Set(tokens.map(\.text)).count == 100)
    }
}
