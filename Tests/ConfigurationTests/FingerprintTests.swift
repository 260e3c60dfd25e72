import Shell
import Testing

@testable import Configuration

@Suite struct FingerprintTests {
    /// Roles that come stand for something else than roles that go.
    @Test func whoseRolesTheyAreShows() {
        let roles = ShellConfiguration(roles: [RoleGrant(users: ["ann"], role: .admin)])
        let none = ShellConfiguration()
        func fingerprint(_ parts: [ShellConfiguration]) -> Fingerprint {
            var text = CanonicalText()
            for part in parts { text.add(part) }
            return text.fingerprint
        }
        #expect(fingerprint([roles, none]) != fingerprint([none, roles]))
        #expect(Fingerprint([:], roles) != Fingerprint([:], none))
    }
}
