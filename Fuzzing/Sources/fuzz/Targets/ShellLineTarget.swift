@testable import Access
@testable import Control
@testable import Shell

struct ShellLineTarget: FuzzTarget {
    static let name = "shell-line"
    static let holds = "a line's words are the same when they are quoted, and what is completed can be typed"
    static let flags = ["-max_len=1024"]

    private let registry = CommandRegistry.standard
    private let caller = Caller(uid: 1000, pid: 1, user: "fuzz", role: .admin, hosts: .all)

    func run(_ input: UnsafeRawBufferPointer) {
        let line = String(decoding: input, as: UTF8.self)
        let unfinished = Words(unfinished: line)
        if let words = try? Words(line) { expect(words == unfinished, "it is split otherwise when it is unfinished") }
        expectQuotable(unfinished.words)
        let words = unfinished.words

        _ = try? ClientCommandLine(words)
        let client = ClientCommandLine.commandWords(of: words)
        expect((client?.count ?? 0) <= max(1, words.count), "the command has more words than the line")
        do {
            let invocation = try CommandParser(registry).parse(words)
            expectJournalled(invocation)
        } catch {
            expect(error.message.isHarmless && error.hint?.isHarmless ?? true, "it is refused with \(error)")
        }
        let typed = unfinished.endsInWord ? words : words + [""]
        for candidate in StaticCompletion(registry).candidates(for: typed) { expectCompletes(typed, candidate.value) }
        let completer = Completer(registry, live: Values())
        let caller = caller
        let live = waiting { await completer.completions(of: typed, caller: caller) }
        expect(live.count <= Completer.limit + 1, "there are \(live.count) completions")
        for completion in live { expectCompletes(typed, completion.value) }
    }

    private func expectQuotable(_ words: [String]) {
        let line = words.map(Words.quoted).joined(separator: " ")
        let again = expectNoError("\(line.debugDescription) is not split") { try Words(line) }
        expect(
            again.words.elementsEqual(words, by: same) && (again.endsInWord || words.isEmpty),
            "\(words) become \(again.words)")
    }

    /// The journal has the command as it could be typed.
    private func expectJournalled(_ invocation: Invocation) {
        let again = expectNoError("\(invocation.line.debugDescription) is not read again") {
            try CommandParser(registry).parse(Words(invocation.line).words)
        }
        expect(again == invocation && same(again.line, invocation.line), "\(invocation.line) is read as \(again.line)")
    }

    /// Expects the line to be no worse with its last word completed.
    private func expectCompletes(_ words: [String], _ value: String) {
        let completed = words.dropLast() + [value]
        expect(value.hasPrefix(words.last ?? ""), "\(words) is completed with \(value)")
        expectQuotable(Array(completed))
        do {
            _ = try CommandParser(registry).parse(Array(completed))
        } catch {
            let before = parseFailure(words.dropLast())
            let isOneWord = error.message.contains("is one word too many")
            let isUnknown = error.code == .unknownCommand && !error.message.contains("is not complete")
            expect(
                before == error.code || !(isUnknown || isOneWord || error.code == .unknownOption),
                "\(completed) is offered and refused: \(error)")
        }
    }

    private func parseFailure(_ words: some Sequence<String>) -> ResultCode? {
        do {
            _ = try CommandParser(registry).parse(Array(words))
            return nil
        } catch {
            return error.code
        }
    }

    private struct Values: LiveValues {
        func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String] {
            ["a.example", "b.example", "bücher.example"].filter { $0.hasPrefix(prefix) && scope.contains($0) }
        }
        func invites(_ host: String, _ prefix: String, limit: Int) async -> [CompletionCandidate] {
            ["1", "12"].map { CompletionCandidate($0, "account") }
        }
        func keys() async -> [CompletionCandidate] {
            [CompletionCandidate("admins"), CompletionCandidate("site_name")]
        }
        func values(_ host: String, _ key: String) async -> [CompletionCandidate] {
            key == "site_name" ? [CompletionCandidate("It's ours"), CompletionCandidate("-")] : []
        }
        func plan() async -> String? { "3f9a0c2e71b4" }
        func snapshots() async -> [CompletionCandidate] { [CompletionCandidate("12")] }
    }
}
