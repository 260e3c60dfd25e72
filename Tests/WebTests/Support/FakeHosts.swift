import Invites
import Pages
import Synchronization

@testable import Web

/// Two hosts, and tokens for what a test sets.
final class FakeHosts: WebHosts {
    struct State {
        var checks: [Token: TokenCheck] = [:]
        /// Whether they are known without waiting.
        var isKnown = false
        var outcome = WebOutcome.later
        var makesContacts = true
        /// By name; others are free.
        var usernames: [String: UsernameState] = [:]
        /// Names that were asked for.
        var asked: [String] = []
        var registrations: [WebRegistration] = []
        var resets: [WebReset] = []
    }

    let state = Mutex(State())
    let bases: HostBases
    static let logo = SiteImage(Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8))

    init() {
        var bases = HostBases()
        // Written here to be read.
        bases.add(try! BaseURL("https://join.own.example/"), of: "own.example")
        self.bases = bases
    }

    func host(named name: String) -> WebHost? {
        switch name {
        case "a.example":
            WebHost(
                name: name, asciiName: name, base: nil, site: Site(host: name, name: "A"), logo: FakeHosts.logo)
        case "ü.example", "xn--tda.example":
            WebHost(
                name: "ü.example", asciiName: "xn--tda.example", base: nil, site: Site(host: "ü.example", name: "Ü"))
        case "own.example":
            WebHost(
                name: name, asciiName: name, base: try? BaseURL("https://join.own.example/"),
                site: Site(host: name, name: "Own"), logo: FakeHosts.logo)
        default: nil
        }
    }

    func isRefused(_ name: String) -> Bool { name == "refused.example" }

    func check(_ token: Token, on host: String) async -> TokenCheck {
        state.withLock { $0.checks[token] ?? .refused(.unknown) }
    }

    func recentCheck(_ token: Token, on host: String) -> TokenCheck? {
        state.withLock { $0.isKnown ? $0.checks[token] : nil }
    }

    func check(_ token: Token, for attempt: WebAttempt, on host: String) async -> TokenCheck {
        await check(token, on: host)
    }

    func register(_ registration: WebRegistration, on host: String) async -> WebOutcome {
        state.withLock { state in
            state.registrations.append(registration)
            return state.outcome
        }
    }

    func state(
        of username: String, for attempt: WebAttempt, with token: Token, on host: String
    ) async -> UsernameState {
        state.withLock { state in
            state.asked.append(username)
            return state.usernames[username] ?? .free
        }
    }

    func makesContacts(with inviter: Account, on host: String) async -> Bool {
        state.withLock { $0.makesContacts }
    }

    func reset(_ reset: WebReset, on host: String) async -> WebOutcome {
        state.withLock { state in
            state.resets.append(reset)
            return state.outcome
        }
    }
}
