import Configuration
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct ActiveConfigurationOverrideTests {
    @Test func aChangeIsInForceWithTheNextRequest() async throws {
        try await DaemonFixture.with(["a.example": "allow_contact_invites: false\n"]) { fixture in
            let daemon = fixture.daemon
            let change = try await daemon.configuration.set(.allowContactInvites, to: ["true"], of: "a.example")
            #expect(change.before.value == "false" && change.before.origin.description.hasSuffix("a.example.yaml:1:24"))
            #expect(change.after == SettingStatus(key: .allowContactInvites, value: "true", origin: .runtime))
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "1").uri != nil)
            #expect(try await daemon.configuration.dropOverrides(of: "a.example").map(\.before) == [change.after])
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "2").stanzaError?.condition == .forbidden)
            #expect(try await daemon.configuration.dropOverrides(of: "a.example").isEmpty)
        }
    }

    @Test func whatIsSetAlreadyMakesNoPlanStale() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            let daemon = fixture.daemon
            // Equal to the file's value, but set: it takes precedence over later values of the file.
            _ = try await daemon.configuration.set(.suspended, to: ["false"], of: "a.example")
            let revision = await daemon.configuration.revision
            _ = try await daemon.configuration.set(.suspended, to: ["false"], of: "a.example")
            #expect(await daemon.configuration.revision == revision)
            #expect(await daemon.configuration.overrides(of: "a.example")?.keys == [.suspended])
            _ = try await daemon.configuration.dropOverrides(of: "a.example")
            #expect(await daemon.configuration.revision > revision)
        }
    }

    @Test func settingsTellWhereTheyComeFrom() async throws {
        let defaults = "defaults: {invite_expiry: 3d}"
        try await DaemonFixture.with(["a.example": "admins: [b@a.example, a@a.example]\n"], daemon: defaults) {
            fixture in
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["A: place"], of: "a.example")
            let settings = try #require(await fixture.daemon.configuration.settings(of: "a.example"))
            let lines = settings.map {
                "\($0.key) \($0.value) \($0.origin)".replacing(fixture.directory.path, with: "")
            }
            #expect(
                lines == [
                    "host a.example /config.d/a.example.yaml:1:1",
                    "admins [a@a.example, b@a.example] /config.d/a.example.yaml:1:9",
                    "allow_user_invites false default", "allow_contact_invites true default",
                    "invite_expiry 3d /invited.yaml:3:27", "user_open_invites 50 default",
                    "user_daily_invites 20 default", "max_invites 100000 default", "invite_retention 30d default",
                    "notify_inviter true default", "landing_page  default",
                    "service_address  default", #"site_name "A: place" runtime"#, "language en default",
                    "accounts auto default", "registration server default", "suspended false default",
                    "base_url  default", "logo  default", "color  default", "webchat_url  default",
                    "imprint_url  default", "terms_url  default", "privacy_url  default", "time_zone UTC default",
                    "site_apps  default", "site_apps_show  default", "site_apps_hide [] default",
                ])
            #expect(await fixture.daemon.configuration.settings(of: "b.example") == nil)
            #expect(await fixture.daemon.configuration.overrides(of: "b.example") == nil)
        }
    }

    @Test func overridesSurviveReloadsButNotTheirHost() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            let daemon = fixture.daemon
            for host in ["a.example", "b.example"] {
                _ = try await daemon.configuration.set(.allowContactInvites, to: ["false"], of: host)
            }
            try fixture.write("allow_contact_invites: true\nsite_name: A\n", host: "a.example")
            try fixture.remove("b.example")
            #expect(await daemon.configuration.reload() == .applied(added: 0, removed: 1, changed: 1, unchanged: 0))
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "1").stanzaError?.condition == .forbidden)
            try fixture.write("{}", host: "b.example")
            _ = await daemon.configuration.reload()
            #expect(await daemon.configuration.overrides(of: "a.example")?.keys == [.allowContactInvites])
            #expect(await daemon.configuration.overrides(of: "b.example")?.isEmpty == true)
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "2").uri != nil)
            _ = try await daemon.configuration.dropOverrides(of: "a.example", keys: [.allowContactInvites, .admins])
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "3").uri != nil)
        }
    }

    @Test func aServiceAddressIsClaimedByOneHost() async throws {
        let files = ["a.example": "service_address: i.a.example\n", "b.example": "{}"]
        try await DaemonFixture.with(files) { fixture in
            let daemon = fixture.daemon
            let mistakes = [
                "b.example": "`b.example` is the host itself; a service address is a domain of its own",
                "a.example": "`a.example` is a host of its own",
                "i.a.example": "`i.a.example` is already the service address of `a.example`",
                "invites.host.example": "`invites.host.example` is the component's own address",
            ]
            for (address, mistake) in mistakes {
                await #expect(throws: ConfigurationRefusal.badValue(mistake)) {
                    try await daemon.configuration.set(.serviceAddress, to: [address], of: "b.example")
                }
            }
            #expect(await daemon.configuration.overrides(of: "b.example")?.isEmpty == true)
            // Free once its host has another, and then its host cannot go back to it.
            _ = try await daemon.configuration.set(.serviceAddress, to: ["j.a.example"], of: "a.example")
            _ = try await daemon.configuration.set(.serviceAddress, to: ["i.a.example"], of: "b.example")
            #expect(try await fixture.invite(by: "bob@b.example/r", at: "i.a.example", id: "1").uri != nil)
            #expect(try await fixture.invite(by: "alice@a.example/r", at: "j.a.example", id: "2").uri != nil)
            await #expect(throws: ConfigurationRefusal.self) {
                try await daemon.configuration.dropOverrides(of: "a.example")
            }
            #expect(await daemon.configuration.overrides(of: "a.example")?.keys == [.serviceAddress])
        }
    }

    @Test func aServiceAddressIsClaimedInEitherForm() async throws {
        let files = ["a.example": "service_address: i.bücher.example\n", "b.example": "{}", "bücher.example": "{}"]
        try await DaemonFixture.with(files) { fixture in
            for (host, address, mistake) in [
                ("b.example", "i.xn--bcher-kva.example", "is already the service address of `a.example`"),
                ("b.example", "xn--bcher-kva.example", "is a host of its own"),
                (
                    "bücher.example", "xn--bcher-kva.example",
                    "is the host itself; a service address is a domain of its own"
                ),
            ] {
                await #expect(throws: ConfigurationRefusal.badValue("`\(address)` \(mistake)")) {
                    try await fixture.daemon.configuration.set(.serviceAddress, to: [address], of: host)
                }
            }
            // Nor does an apply give it to two.
            _ = try await fixture.daemon.configuration.set(
                .serviceAddress, to: ["xn--kse-qla.example"], of: "b.example")
            try fixture.write("service_address: käse.example\n", host: "a.example")
            await #expect(throws: ConfigurationRefusal.self) {
                try await fixture.daemon.configuration.apply(expecting: nil, by: "someone")
            }
        }
    }

    @Test func aSuspendedHostServesNobodyInAnyWay() async throws {
        let files = [
            "a.example": "admins: [alice@a.example]\nservice_address: i.a.example\n",
            "b.example": "admins: [alice@a.example]\n", "c.example": "admins: [alice@a.example]\n",
        ]
        try await DaemonFixture.with(files) { fixture in
            func ask(_ payload: Element, at address: JID, id: String) async throws -> IQ {
                try await fixture.answer(to: set(payload, from: "alice@a.example/r", to: address, id: id))
            }
            func delegated(_ request: IQ, id: String) async throws -> IQ? {
                try await fixture.answer(to: envelope(request, by: "a.example", id: id)).unwrapped()
            }
            func listed(at address: JID, id: String) async throws -> Int? {
                let list = get(
                    query(Namespaces.discoItems, node: Namespaces.commands), from: "alice@a.example/r", to: address,
                    id: id)
                let isOwn = address == "a.example"
                let answer = isOwn ? try await delegated(list, id: id) : try await fixture.answer(to: list)
                return answer?.payload?.content.count
            }
            let invite = command(Namespaces.inviteCommand)
            let create = command(Namespaces.createAccountCommand)
            // A session that has begun before ends, too.
            let choosing = try await ask(create, at: component, id: "s")
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            let chosen = command(
                Namespaces.createAccountCommand, action: "next", session: choosing.payload?["sessionid"],
                form: submission(["host": "a.example"]))
            var answers: [IQ] = [try await ask(chosen, at: component, id: "c")]
            for (index, address) in (["i.a.example", component] as [JID]).enumerated() {
                answers.append(try await ask(invite, at: address, id: "i\(index)"))
            }
            answers.append(try await ask(create, at: "i.a.example", id: "x"))
            answers.append(
                try #require(try await delegated(set(invite, from: "alice@a.example/r", to: "a.example"), id: "d")))
            answers.append(
                try #require(try await delegated(set(create, from: "alice@a.example/r", to: "a.example"), id: "e")))
            for answer in answers {
                #expect(answer.stanzaError?.condition == .serviceUnavailable, "\(answer)")
                #expect(answer.stanzaError?.text == "Invitations are suspended on this host.")
            }
            #expect(try await listed(at: "i.a.example", id: "l1") == 0)
            #expect(try await listed(at: "a.example", id: "l2") == 0)
            #expect(try await listed(at: component, id: "l3") == 1)
            // The other hosts of the same admin are left.
            let hosts = try await ask(create, at: component, id: "h").form?["host"]?.options.map(\.value)
            #expect(hosts == ["b.example", "c.example"])

            _ = try await fixture.daemon.configuration.dropOverrides(of: "a.example", keys: [.suspended])
            #expect(try await ask(invite, at: "i.a.example", id: "y").uri != nil)
            #expect(try await ask(create, at: component, id: "z").form?["host"]?.options.count == 3)
            #expect(try await listed(at: "a.example", id: "l4") == 2)
        }
    }
}
