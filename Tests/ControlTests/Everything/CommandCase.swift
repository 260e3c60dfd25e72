import Access
import Control
import Daemon
import Invites
import Logging
import Shell
import Storage
import Supervision
import TestSupport

/// One working use of a command, on a host that is put in place of `HOST`.
///
/// It needs what ``prepare(_:on:)`` and its own preparation have left.
struct CommandCase: Sendable {
    /// The command's name, with the option that makes it another matter, if there is one.
    let name: String
    let line: String
    /// What an admin does before; `write` changes the host's file.
    var before: [String] = []
    var answers: [String?] = []
    /// The code for a caller who may run it.
    var code = ResultCode.ok

    init(
        _ name: String, _ line: String, before: [String] = [], answers: [String?] = [], code: ResultCode = .ok
    ) {
        self.name = name
        self.line = line
        self.before = before
        self.answers = answers
        self.code = code
    }

    /// Every command at least once, in an order in which each works after the ones before.
    static let all: [CommandCase] = [
        .init("help", "help"), .init("status", "status"), .init("version", "version"),
        .init("host list", "host list"), .init("host show", "host show HOST"), .init("host why", "host why HOST"),
        .init("host set", "host set HOST site_name Example"),
        .init("host reset", "host reset HOST site_name", before: ["host set HOST site_name Example"]),
        .init("host suspend", "host suspend HOST"), .init("host resume", "host resume HOST"),
        .init("host restart", "host restart HOST"), .init("host reopen", "host reopen HOST", answers: ["yes"]),
        .init("host backup", "host backup HOST"),
        .init("host restore", "host restore HOST", answers: ["yes"]),
        .init("invite create account", "invite create account HOST", before: ["host resume HOST"]),
        .init("invite create contact", "invite create contact alice@HOST"),
        .init("invite create reset", "invite create reset alice@HOST"),
        .init("invite list", "invite list"), .init("invite show", "invite show HOST 1"),
        .init("invite show --reveal", "invite show HOST 1 --reveal"),
        .init("invite show --qr", "invite show HOST 1 --qr"),
        .init("invite find", "invite find mercutio"), .init("invite tree", "invite tree"),
        .init("invite export", "invite export romeo@elsewhere.test"),
        .init("invite revoke", "invite revoke HOST 3", answers: ["yes"]),
        .init("invite release", "invite release HOST 5", answers: ["yes"]),
        .init("invite forget", "invite forget romeo@elsewhere.test", answers: ["yes"]),
        .init("invite delete", "invite delete HOST 2", answers: ["yes"]),
        .init("invite extend", "invite extend HOST 1 2d"),
        .init("invite purge", "invite purge HOST --kind account --dry-run"),
        .init("invite purge", "invite purge HOST --kind reset --yes"),
        .init("config status", "config status"), .init("config check", "config check"),
        .init("config diff", "config diff"), .init("config plan", "config plan"),
        .init("config save", "config save HOST site_name", before: ["host set HOST site_name Example"]),
        .init("config apply", "config apply", before: ["write"], answers: ["yes"]),
        .init("config confirm", "config confirm", before: ["write", "config apply --confirm-within 1h --yes"]),
        .init(
            "config undo", "config undo", before: ["config confirm", "write", "config apply --yes"],
            answers: ["yes"]),
        .init("config history", "config history"),
        .init(
            "config edit", "config edit HOST", before: ["config apply --yes"], answers: ["invite_expiry: 2d\n", "yes"]),
        .init("component status", "component status"),
        .init("component reconnect", "component reconnect", code: .disconnected),
        .init("grants", "grants"), .init("grants --probe", "grants HOST --probe", code: .disconnected),
        .init("stats", "stats"), .init("top", "top --looks 1"),
        .init("trace", "trace HOST", code: .cancelled),
        .init("trace --reveal", "trace HOST --reveal", code: .cancelled),
        .init("log follow", "log follow", code: .cancelled), .init("log level", "log level info"),
        .init("journal", "journal"),
    ]

    var spec: CommandSpec { CommandRegistry.standard.match(line.split(separator: " ").map(String.init))!.spec }

    func line(on host: String) -> String { line.replacing("HOST", with: host) }

    /// What every host has before the first command: invites, a setting of the shell, and a place in the journal.
    static func prepare(_ fixture: AllCommandsFixture, hosts: [String]) async throws {
        for host in hosts {
            _ = try await fixture.run("invite create account \(host) --username \(host.prefix(2))1")
            _ = try await fixture.run("invite create contact alice@\(host)")
            _ = try await fixture.run("host set \(host) invite_expiry 3d")
            _ = try await fixture.run("invite create account \(host) --username mercutio")
            _ = try await fixture.run("invite create contact \(host.prefix(3))friend@\(host)")
            _ = try await fixture.run("invite create account \(host) --uses 2")
            let registry = fixture.fixture.daemon.registry
            let now = registry.now
            _ = try await registry.withInvites(of: host, for: .storing) { repository throws(StoreError) in
                let invites = try await repository.invites(numbered: [4, 5]).map(\.invite)
                guard invites.count == 2, let inviter = invites[0].inviter else { return }
                let romeo = Account(localpart: "romeo", domain: "elsewhere.test")
                func reservation(_ name: String) -> Reservation {
                    Reservation(
                        token: invites[1].token, attempt: name, username: name, way: .stream, checkedAt: nil)
                }
                _ = try await repository.redeem(
                    [
                        .subscribe(ContactRequest(token: invites[0].token, user: inviter.localpart, contact: romeo)),
                        .reserve(reservation("first")),
                        .confirm(
                            Confirmation(
                                token: invites[1].token, attempt: "first", username: "first", way: .stream)),
                        .reserve(reservation("second")),
                    ], under: RedemptionTerms(now: now))
            }
        }
    }

    /// Runs it to its end.
    ///
    /// - Parameter isAllowed: Whether it is to begin: what shows events then shows one, where it can, and is ended.
    func run(
        _ fixture: AllCommandsFixture, on host: String, as caller: Caller, isAllowed: Bool
    ) async throws -> (ServerMessage.End, RecordingOutput) {
        for line in before {
            if line == "write" {
                let old = try fixture.fixture.directory.read("config.d/\(host).yaml")
                let text = "admins: [\(old.contains("ann") ? "bob" : "ann")@\(host)]\n"
                try fixture.fixture.directory.write(text, to: "config.d/\(host).yaml")
            } else {
                _ = try await fixture.run(line.replacing("HOST", with: host))
            }
        }
        let file = RecordingOutput()
        if spec.file == .input { _ = try await fixture.run("host backup \(host)", output: file) }
        let output = RecordingOutput(answers: answers, file: file.data)
        guard isAllowed, case .events = spec.result else {
            return (try await fixture.run(line(on: host), as: caller, output: output), output)
        }
        let (dispatcher, words) = (fixture.dispatcher, try Words(line(on: host)).words)
        let run = Task { await dispatcher.run(words, caller: caller, output: output) }
        switch spec.name {
        case "top":
            let sleeper = try await fixture.fixture.controlled.sleeper(for: .seconds(2))
            for host in fixture.fixture.daemon.registry.table.allNames {
                _ = try await fixture.run("invite create account \(host)")
            }
            sleeper.wake()
        case "log follow":
            _ = try await output.messages.next()
            fixture.log.publish(.error, "something happens", ["host": "\(host)"])
            _ = try await output.messages.next()
            run.cancel()
        default:
            _ = try await output.messages.next()
            run.cancel()
        }
        return (await run.value, output)
    }
}
