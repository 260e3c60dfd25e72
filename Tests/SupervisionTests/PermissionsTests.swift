import Configuration
import Invites
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// The kinds of senders of a request.
enum Asker: CaseIterable, Sendable {
    case admin, user, foreignUser, foreignAdmin, server, component

    var address: JID {
        switch self {
        case .admin: "admin@a.example/r"
        case .user: "alice@a.example/r"
        case .foreignUser: "bob@b.example/r"
        case .foreignAdmin: "staff@b.example/r"
        case .server: "a.example"
        case .component: "invites.host.example"
        }
    }

    var isAdmin: Bool { self == .admin || self == .foreignAdmin }
    var isUserOfHost: Bool { self == .admin || self == .user }
}

/// The two switches of a host, and who they concern, as one of the four that there are.
struct Switches: CaseIterable, Sendable {
    var allowContactInvites: Bool
    var allowUserInvites: Bool

    static let allCases = [true, false].flatMap { contact in
        [true, false].map { Switches(allowContactInvites: contact, allowUserInvites: $0) }
    }

    /// A host with two admins, one of them from elsewhere.
    func host(_ name: String = "a.example", serviceAddress: String? = nil) -> HostConfiguration {
        HostConfiguration(
            host: name, admins: ["admin@a.example", "staff@b.example"], allowUserInvites: allowUserInvites,
            allowContactInvites: allowContactInvites, serviceAddress: serviceAddress)
    }

    var policy: InvitePolicy { InvitePolicy(host()) }

    /// Contact invites belong to the host's users, where they are off to its admins alone.
    func lets(_ asker: Asker, use node: String) -> Bool {
        switch node {
        case Namespaces.inviteCommand: asker.isUserOfHost && (allowContactInvites || asker.isAdmin)
        case Namespaces.createAccountCommand: asker.isAdmin
        default: false
        }
    }
}

@Suite struct PermissionsTests {
    @Test(arguments: Asker.allCases, Switches.allCases)
    func whoMayUseWhichCommand(_ asker: Asker, _ switches: Switches) {
        let permissions = Permissions(of: Account(asker.address), under: switches.policy)
        for node in CommandTable.nodes + ["urn:xmpp:invite#other", "", "urn:xmpp:invite"] {
            #expect(permissions.allows(node) == switches.lets(asker, use: node), "\(node)")
        }
        #expect(permissions.contactHost == (permissions.allows(Namespaces.inviteCommand) ? "a.example" : nil))
        #expect(permissions.accountHosts == (asker.isAdmin ? ["a.example"] : []))
        if permissions.contactHost == nil {
            #expect(permissions.contactDenial == (asker.isUserOfHost ? .contactInvitesOff : .notUserOfHost))
        }
    }

    @Test func atTheSharedAddressTheAskersDomainIsTheHost() async throws {
        let hosts = [
            HostConfiguration(host: "b.example", admins: ["staff@a.example"]),
            HostConfiguration(host: "a.example", admins: ["staff@a.example", "root@far.example"]),
            HostConfiguration(host: "c.example", admins: ["root@far.example"], allowContactInvites: false),
        ]
        try await ComponentFixture.with(hosts) { fixture in
            func permissions(_ asker: JID) -> Permissions { fixture.router.currentTable.permissions(of: asker) }
            #expect(
                permissions("staff@a.example/r")
                    == Permissions(
                        contactHost: "a.example", contactDenial: .contactInvitesOff,
                        accountHosts: ["a.example", "b.example"]))
            #expect(permissions("root@far.example").accountHosts == ["a.example", "c.example"])
            #expect(permissions("root@far.example").contactHost == nil)
            #expect(permissions("root@far.example").contactDenial == .notUserOfHost)
            #expect(permissions("carol@c.example").contactHost == nil)
            #expect(permissions("carol@c.example").contactDenial == .contactInvitesOff)
            #expect(permissions("carol@c.example").accountHosts.isEmpty)
            #expect(permissions("a.example") == Permissions(contactHost: nil, accountHosts: []))
            #expect(permissions("a.example/staff") == Permissions(contactHost: nil, accountHosts: []))
        }
    }
}
