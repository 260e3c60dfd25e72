import Access
import Shell
import Testing

@Suite struct AccessPolicyTests {
    private static let all: HostScope = .all
    private static let a: HostScope = .some(["a.example"])
    private static let b: HostScope = .some(["b.example"])

    private func peer(
        _ uid: UInt32, _ user: String? = nil, gid: UInt32 = 5000, groups: [UInt32: String] = [:]
    ) -> PeerIdentity {
        PeerIdentity(
            PeerCredentials(pid: 1, uid: uid, gid: gid, groups: groups.keys.filter { $0 != gid }), user: user,
            groups: groups)
    }

    private func policy(_ grants: AccessPolicy.Grant...) -> AccessPolicy { AccessPolicy(grants, daemon: 500) }

    @Test func rootAndTheDaemonAreAdminsOfAll() {
        for uid: UInt32 in [0, 500] { #expect(policy().access(of: peer(uid)) == AccessRights(.admin, on: .all)) }
        #expect(policy().access(of: peer(1000, "root")) == nil)
    }

    @Test func usersAndGroupsMatchByNameAndByNumber() {
        let policy = policy(.init(users: ["ann", "1001"], groups: ["ops", "2001"], role: .viewer, hosts: .all))
        let access = AccessRights(.viewer, on: .all)
        #expect(policy.access(of: peer(1000, "ann")) == access)
        #expect(policy.access(of: peer(1001)) == access)
        #expect(policy.access(of: peer(1002, "bob", gid: 2000, groups: [2000: "ops"])) == access)
        #expect(policy.access(of: peer(1002, "bob", groups: [2000: "ops"])) == access)
        #expect(policy.access(of: peer(1002, "bob", gid: 2001)) == access)
        #expect(policy.access(of: peer(1002, "bob", groups: [2002: "others"])) == nil)
        // A user is no group.
        #expect(policy.access(of: peer(2001, "ops")) == nil)
    }

    @Test func aNameThatLooksLikeANumberIsNone() {
        let policy = policy(.init(users: ["1001"], groups: ["2001"], role: .viewer, hosts: .all))
        #expect(policy.access(of: peer(1000, "1001")) == nil)
        #expect(policy.access(of: peer(1000, groups: [2000: "2001"])) == nil)
    }

    @Test func whoHasNoNumberHereIsNobody() {
        let policy = policy(
            .init(users: ["nobody", "65534"], groups: ["nogroup", "65534"], role: .admin, hosts: .all))
        #expect(policy.access(of: peer(65_534, "nobody", gid: 65_534, groups: [65_534: "nogroup"])) == nil)
        // Not even when the daemon has no other.
        #expect(AccessPolicy(daemon: 65_534).access(of: peer(65_534, "nobody")) == nil)
        #expect(!AccessPolicy(daemon: 65_534).isOwner(65_534))
    }

    @Test func rightsAddUpHostByHost() throws {
        let policy = policy(
            .init(users: ["ann"], groups: [], role: .operator, hosts: Self.a),
            .init(users: [], groups: ["ops"], role: .viewer, hosts: Self.b))
        let access = try #require(policy.access(of: peer(1000, "ann", groups: [2000: "ops"])))
        #expect(access.hosts == .some(["a.example", "b.example"]))
        #expect(access.hosts(as: .operator) == Self.a)
        #expect(access.hosts(as: .admin) == .some([]))
        #expect(access.role == .operator)
    }
}
