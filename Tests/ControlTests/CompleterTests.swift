import Access
import Control
import Shell
import TestSupport
import Testing

@Suite struct CompleterTests {
    private struct Names: HostDirectoryView {
        let hostNames = ["a.example", "b.example", "sub.b.example"]

        func hasHost(_ host: String) -> Bool { hostNames.contains(host) }
    }

    private struct Values: LiveValues {
        func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String] {
            Names().hosts(prefix, in: scope, limit: limit)
        }
        func invites(_ host: String, _ prefix: String, limit: Int) async -> [CompletionCandidate] {
            host == "a.example" ? ["1", "12", "2"].map { CompletionCandidate($0, "account") } : []
        }
        func keys() async -> [CompletionCandidate] {
            [CompletionCandidate("admins"), CompletionCandidate("allow_user_invites")]
        }
        func values(_ host: String, _ key: String) async -> [CompletionCandidate] {
            key == "allow_user_invites" ? [CompletionCandidate("true"), CompletionCandidate("false")] : []
        }
        func plan() async -> String? { "3f9a0c2e71b4" }
        func snapshots() async -> [CompletionCandidate] { [CompletionCandidate("12")] }
    }

    private func complete(_ line: String, as caller: Caller = .someone(.admin)) async -> [String] {
        await Completer(live: Values()).completions(
            of: line.split(separator: " ", omittingEmptySubsequences: false).map(String.init), caller: caller
        ).map(\.value)
    }

    @Test(arguments: [
        ("hos", ["host"]), ("host sus", ["suspend"]), ("invite create ", ["account", "contact", "reset"]),
        ("host show ", ["a.example", "b.example", "sub.b.example"]), ("host show b", ["b.example"]),
        ("host list a.example ", ["b.example", "sub.b.example"]), ("host show a.example ", []),
        ("host list --sta", ["--state"]), ("host list --state s", ["suspended"]),
        ("host list --state=s", ["--state=suspended"]), ("host list -xstate=s", []),
        ("host list --state suspended --s", []),
        ("host list -- --", []), ("host list -", ["--state", "--match"]), ("trace a.example ", ["--reveal"]),
        ("host list --state=run", ["--state=running"]), ("journal --host b", ["b.example"]),
        ("invite create contact alice@", ["a.example", "b.example", "sub.b.example"].map { "alice@\($0)" }),
        ("invite show A.Example 1", ["1", "12"]), ("invite delete a.example 12 ", ["1", "2"]),
        ("invite show b.example ", []), ("host set a.example al", ["allow_user_invites"]),
        ("host set a.example allow_user_invites t", ["true"]), ("config apply ", ["3f9a0c2e71b4"]),
        ("config undo 1", ["12"]), ("help invite cr", ["create"]), ("log level w", ["warning"]), ("nonsense ", []),
    ])
    func theLastWordIsCompleted(_ line: String, _ wanted: [String]) async {
        #expect(await complete(line) == wanted)
    }

    @Test func onlyWhatTheCallerMayUseAndSeeIsOffered() async {
        let viewer = Caller.someone(.viewer, .some(["*.b.example"]))
        #expect(await complete("host s", as: viewer) == ["show"])
        #expect(await complete("host show ", as: viewer) == ["sub.b.example"])
        #expect(await complete("invite show a.example ", as: viewer) == [])
        #expect(await complete("invite show sub.b.example 1 --", as: viewer) == [])
        #expect(await complete("config ", as: viewer) == ["status"])
        #expect(await complete("help conf", as: viewer) == ["config"])
        #expect(await complete("help config ", as: viewer) == ["status"])
        let access = AccessRights(.viewer, on: .all).union(AccessRights(.operator, on: .some(["b.example"])))
        let mixed = Caller(uid: 1, pid: 1, user: "someone", access: access)
        #expect(await complete("host suspend ", as: mixed) == ["b.example"])
        #expect(await complete("host show ", as: mixed) == ["a.example", "b.example", "sub.b.example"])
    }

    @Test func anEmptyLineCompletesToTheFirstWords() async {
        let words = await Completer(live: Values()).completions(of: [], caller: .someone(.admin)).map(\.value)
        #expect(words.contains("help"))
        #expect(words.contains("invite"))
    }

    @Test func hostsAreFoundAmongMany() {
        struct Many: HostDirectoryView {
            let hostNames = (0..<10_000).map { "host\($0).example" }.sorted()
            func hasHost(_ host: String) -> Bool { hostNames.contains(host) }
        }
        let many = Many()
        #expect(many.hosts("host123", in: .all, limit: 1000).count == 11)
        #expect(many.hosts("", in: .all, limit: 1000).count == 1000)
        #expect(many.hosts("zzz", in: .all, limit: 1000) == [])
        #expect(many.hosts("host", in: .some(["host9999.example"]), limit: 1000) == ["host9999.example"])
    }
}
