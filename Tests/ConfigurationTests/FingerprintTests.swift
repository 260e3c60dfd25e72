import Shell
import Testing

@testable import Configuration

@Suite struct FingerprintTests {
    /// It makes a difference which of two configurations has the roles.
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

    /// The hosts' fingerprint, its layout and its bytes, as the first version made them.
    @Test func aSnapshotOfTheFirstVersionIsRead() throws {
        let checksum = "f0dbb7195f0ed5ddf5883521a0f45d83d290dfcfefc9ef33b3602caebe31b788"
        func text(_ name: String) -> [UInt8] {
            Array(
                """
                {"before":1,"by":"root","checksum":"\(checksum)","files":"abc","format":1,"hosts":2,"number":2,\
                "roles":0,"time":5}
                {"host":"a.example","admins":["ann@b.example","root@a.example"],"allow_user_invites":true,\
                "allow_contact_invites":false,"invite_expiry":"1d12h","service_address":"invites.a.example",\
                "site_name":"\(name)","suspended":false}
                {"host":"b.example","admins":[],"allow_user_invites":false,"allow_contact_invites":true,\
                "invite_expiry":"1w","suspended":true}

                """.utf8)
        }
        let snapshot = try ConfigurationSnapshot(reading: text("Place A"))
        #expect(snapshot.header.number == 2 && snapshot.header.before == 1 && snapshot.hosts.count == 2)
        let host = try #require(snapshot.hosts["a.example"])
        #expect(host.siteName == "Place A" && host.allowUserInvites && !host.allowContactInvites)
        #expect(snapshot.hosts["b.example"]?.suspended == true)
        #expect(throws: ConfigurationSnapshot.Damage.self) { try ConfigurationSnapshot(reading: text("Place B")) }
    }
}
