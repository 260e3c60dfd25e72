import Invites
import Languages
import Storage
import TestSupport
import Testing

@testable import Component
@testable import Supervision
@testable import XMPP

/// The texts about limits for users, admins and operators.
@Suite(.timeLimit(.minutes(5))) struct InviteLimitWordingTests {
    private let time = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000)

    @Test func theTextSaysWhen() {
        let (english, german) = (Texts.english, Texts.german)
        #expect(
            english.text(for: .tooManyDaily(20, next: time))
                == "You have made 20 invitations within 24 hours, which is as many as you may make. "
                + "The next one is possible at 2023-11-14T22:13:20Z.")
        #expect(
            english.text(for: .tooManyOpen(0, next: nil))
                == "You have 0 open invitations, which is as many as you may have. None can be made.")
        #expect(german.text(for: .tooManyOpen(50, next: time)).hasSuffix("Die nächste geht ab 2023-11-14T22:13:20Z."))
        #expect(english.text(for: .tooManyStored(3)) == english[.refusalTooManyStored])
        #expect(english.text(for: .usernameTaken) == english[.refusalUsernameTaken])
    }

    @Test func usersHaveLimitsAdminsOnlyTheHostsAndOperatorsNone() {
        let admin = Account(localpart: "admin", domain: "a.example")
        let alice = Account(localpart: "alice", domain: "a.example")
        let policy = InvitePolicy(
            host: "a.example", admins: [admin], userOpenInvites: .atMost(1), userDailyInvites: .atMost(2),
            maxInvites: .atMost(3))
        #expect(
            policy.limits(for: .contact(inviter: alice))
                == InviteLimits(userOpen: .atMost(1), userDaily: .atMost(2), stored: .atMost(3)))
        let hosts = InviteLimits(stored: .atMost(3))
        #expect(policy.limits(for: .contact(inviter: admin)) == hosts)
        #expect(policy.limits(for: .account(by: admin, username: nil, rosterSubscription: false)) == hosts)
        #expect(policy.limits(for: .operated(OperatorRequest(.contact(of: alice)))) == InviteLimits())
        let normal = InvitePolicy(host: "a.example")
        #expect(
            normal.limits(for: .contact(inviter: alice))
                == InviteLimits(userOpen: .atMost(50), userDaily: .atMost(20), stored: .atMost(100_000)))
    }

    @Test func operatorsAreWarnedAndNotCapped() async throws {
        let controlled = ControlledDependencies()
        let directory = try TemporaryDirectory()
        let databases = try InviteDatabases(directory: directory.path + "/state", maximumOpen: 4, writers: 1)
        let service = HostService(
            "a.example", repository: databases.repository(of: "a.example"), dependencies: controlled.dependencies)
        let policy = InvitePolicy(host: "a.example", maxInvites: .atMost(10))
        let request = OperatorRequest(.account(username: nil, contact: nil))
        for number in 1...12 {
            let made = try await service.invite(request, under: policy)
            #expect(made.limit == (number < 9 ? nil : OperatorInvite.Limit(stored: number, limit: 10)))
        }
        let alice = Account(localpart: "alice", domain: "a.example")
        #expect(
            await service.invite([.contact(inviter: alice)], under: policy)
                == [.failure(.conflict(.tooManyStored(10)))])
        #expect(
            controlled.log.items.filter { $0.contains("nearly as many invites") }
                == ["warning host has nearly as many invites as it may have host=a.example limit=10 stored=9"])
        await databases.shutdown()
    }
}
