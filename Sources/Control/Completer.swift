package import Access
package import Shell
internal import Text
internal import XMPP

/// Says what the last word of a line could become, among what the caller may use and see.
package struct Completer: Sendable {
    private let registry: CommandRegistry
    private let live: any LiveValues

    /// Values in one answer.
    package static let limit = 1000

    package init(_ registry: CommandRegistry = .standard, live: any LiveValues) {
        self.registry = registry
        self.live = live
    }

    /// Answers with rows of `value` and `summary`. Where there are more than ``limit``, the end's message says so.
    func run(_ words: [String], caller: Caller, output: any CommandOutput) async -> ServerMessage.End {
        let found = await completions(of: words, caller: caller)
        do {
            for completion in found.prefix(Self.limit) {
                try await output.row(["value": .text(completion.value), "summary": .text(completion.summary)])
            }
        } catch {
            return ServerMessage.End(.cancelled, "ended before it was done")
        }
        return ServerMessage.End(.ok, found.count > Self.limit ? "there are more than \(Self.limit)" : "")
    }

    /// What the last of the words could become, at most one more than ``limit``. Without words: how a line can begin.
    package func completions(of words: [String], caller: Caller) async -> [CompletionCandidate] {
        let visible = registry.visible(to: caller)
        let before = Array(words.dropLast())
        let prefix = words.last ?? ""
        var found: [CompletionCandidate] = []
        if visible.commands(below: before).contains(where: { $0.path.count > before.count }) {
            for word in visible.words(after: before) where word.hasPrefix(prefix) {
                found.append(CompletionCandidate(word, visible[before + [word]]?.summary ?? ""))
            }
        }
        // Words that are a path, and words after one: `log level` takes values, but so does `help log`.
        if let (spec, rest) = visible.match(before) {
            found += await values(spec, rest, prefix, caller, visible)
        }
        return Array(found.prefix(Self.limit + 1))
    }

    // MARK: After the path

    private func values(
        _ spec: CommandSpec, _ rest: [String], _ prefix: String, _ caller: Caller, _ visible: CommandRegistry
    ) async -> [CompletionCandidate] {
        let line = UnfinishedLine(spec, rest)
        let caller = caller.least(line.options.compactMap(\.role).reduce(spec.role, max))
        if let option = line.openOption, let kind = option.kind {
            return await values(kind, option.name, prefix, line, caller, visible)
        }
        if !line.areOptionsOver, prefix.hasPrefix("-") || (prefix.isEmpty && line.nextArgument == nil) {
            if let equals = prefix.firstIndex(of: "=") {
                let name = prefix[..<equals].dropFirst(2)
                guard prefix.hasPrefix("--"), let option = spec.option(String(name)), let kind = option.kind else {
                    return []
                }
                let typed = String(prefix[prefix.index(after: equals)...])
                return await values(kind, option.name, typed, line, caller, visible).map {
                    CompletionCandidate("--\(name)=\($0.value)", $0.summary)
                }
            }
            return spec.options.filter { option in
                "--\(option.name)".hasPrefix(prefix) && !line.options.contains(option)
                    && (option.role ?? .viewer) <= caller.role
            }.map { CompletionCandidate("--\($0.name)", $0.summary) }
        }
        guard let argument = line.nextArgument else { return [] }
        return await values(argument.kind, argument.name, prefix, line, caller, visible)
    }

    private func values(
        _ kind: ValueKind, _ name: String, _ prefix: String, _ line: UnfinishedLine, _ caller: Caller,
        _ visible: CommandRegistry
    ) async -> [CompletionCandidate] {
        let host = line.host.flatMap { caller.hosts.contains($0) ? $0 : nil }
        let all: [CompletionCandidate]
        switch kind {
        case .host:
            let given = Set(line.arguments)
            return await live.hosts(prefix, in: caller.hosts, limit: Self.limit + 1).filter { !given.contains($0) }
                .map { CompletionCandidate($0) }
        case .user, .jid:
            guard let at = prefix.firstIndex(of: "@") else { return [] }
            return await live.hosts(
                String(prefix[prefix.index(after: at)...]), in: caller.hosts, limit: Self.limit + 1
            ).map { CompletionCandidate(prefix[...at] + $0) }
        case .invite:
            guard let host else { return [] }
            let given = Set(line.arguments)
            all = await live.invites(host, prefix, limit: Self.limit + 1).filter { !given.contains($0.value) }
        case .key:
            let given = Set(line.arguments)
            all = await live.keys().filter { !given.contains($0.value) }
        case .setting:
            guard let host, let key = line.key else { return [] }
            all = await live.values(host, key)
        case .choice(let words): all = words.map { CompletionCandidate($0) }
        case .plan: all = await live.plan().map { [CompletionCandidate($0)] } ?? []
        case .command:
            all = visible.words(after: line.arguments).map {
                CompletionCandidate($0, visible[line.arguments + [$0]]?.summary ?? "")
            }
        case .count: all = name == "snapshot" ? await live.snapshots() : []
        // The host may have been removed: still, an existing one is meant most often.
        case .text where name == "host":
            return await live.hosts(prefix, in: caller.hosts, limit: Self.limit + 1).map { CompletionCandidate($0) }
        case .duration, .text: all = []
        }
        return all.filter { $0.value.hasPrefix(prefix) }
    }
}

extension UnfinishedLine {
    /// The host that an argument names, prepared.
    fileprivate var host: String? {
        given(.host).flatMap { try? JID($0) }.flatMap { $0.isDomain ? $0.domain : nil }
    }

    fileprivate var key: String? { given(.key) }

    private func given(_ kind: ValueKind) -> String? {
        zip(spec.arguments, arguments).first { $0.0.kind == kind }?.1
    }
}

extension CommandRegistry {
    /// What the caller may use on some host.
    func visible(to caller: Caller) -> CommandRegistry {
        CommandRegistry(
            commands.filter { spec in
                spec.role <= caller.role && (spec.reach != .daemon || caller.access.areOnAllHosts(as: spec.role))
            })
    }
}
