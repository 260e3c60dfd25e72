/// Commands that show what happens and what has happened.
enum WatchingCommands {
    static let all = [stats, top, trace, logFollow, logLevel, journal]

    static let counters: [Field] = [
        Field("host", .text, "the host; `(no host)` for what is no host's matter, `(sum)` for all together"),
        Field("requests", .count, "requests"),
        Field("refused", .count, "of them, those that were refused"),
        Field("overloaded", .count, "of them, those that were refused because too much waited"),
        Field("invites", .count, "invites made"),
        Field("waiting", .count, "requests that wait now"),
        Field("redemptions", .count, "redemptions that were confirmed"),
        Field("released", .count, "attempts to redeem an invite that ended without an account"),
        Field("refused_tokens", .count, "requests that were refused for what is wrong with the token or the name"),
    ]

    static let stats = CommandSpec(
        "stats", "Show what hosts have done since the start",
        arguments: [.init("host", .host, "Only these hosts", isOptional: true, isRepeating: true)],
        result: .table(counters), examples: [.init("stats", "Show the numbers of all hosts and their sum")])

    static let top = CommandSpec(
        "top", "Show the busiest hosts, again and again",
        options: [
            .init("interval", .count(1...3600), "Seconds between two looks, 2 unless given"),
            .init("count", .count(1...1000), "How many hosts to show, 20 unless given"),
            .init("looks", .count(1...1_000_000), "End after so many looks"),
        ],
        result: .events([
            Field("look", .count, "the number of the look"),
            Field("host", .text, "the host; `(sum)` for all together, which comes first"),
            Field("requests_per_second", .number, "requests a second since the look before"),
            Field("invites_per_second", .number, "invites a second since the look before"),
            Field("redemptions_per_second", .number, "confirmed redemptions a second since the look before"),
            Field("refused_per_second", .number, "refusals a second since the look before"),
            Field("waiting", .count, "requests that wait now"),
        ]),
        examples: [.init("top --count 5", "Show the five busiest hosts")])

    static let trace = CommandSpec(
        "trace", "Show the stanzas of a host as they come and go",
        discussion: """
            Tokens and passwords are hidden. A trace never slows the host: what is more than the caller reads, or than 500 stanzas a \
            second, is left out and counted.
            """,
        arguments: [HostCommands.host],
        options: [.init("reveal", nil, "Show tokens, too", isJournalled: true, role: .admin)],
        result: .events([
            Field("time", .time, "when"),
            Field("direction", .choice(["in", "out"]), "from the server or to it"),
            Field("stanza", .text, "the stanza as XML"),
        ]),
        role: .operator, examples: [.init("trace example.com", "Show what happens on example.com")])

    static let logFollow = CommandSpec(
        "log follow", "Show the daemon's log as it is written",
        options: [
            .init("level", .choice(logLevels), "Only messages as important as this"),
            .init("host", .host, "Only messages about this host"),
        ],
        result: .events([
            Field("time", .time, "when"), Field("level", .choice(logLevels), "how important"),
            Field("message", .text, "what"), Field("metadata", .object([]), "about what: texts by their names"),
        ]),
        reach: .daemon, examples: [.init("log follow --level warning", "Show what goes wrong")])

    static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    static let logLevel = CommandSpec(
        "log level", "Show or change the least important messages that are logged",
        arguments: [.init("level", .choice(logLevels), "The new level", isOptional: true)],
        options: [.init("for", .duration, "Go back to the level before after this time")],
        result: .record([
            Field("level", .choice(logLevels), "the level in force"),
            Field("until", .time, "until when", isOptional: true),
        ]),
        effect: .change, isReadWithoutArguments: true, role: .admin, reach: .daemon,
        examples: [.init("log level debug --for 10m", "Log more for ten minutes")])

    static let journal = CommandSpec(
        "journal", "Show who has changed what, the newest first",
        discussion: """
            Every change is written down before it happens. The journal is kept in files of 4 MiB in the state \
            directory, the last seventeen of them. Who sees only some hosts sees what concerned none but those. It takes \
            no more than 4 MiB a day of one user who is no admin of all hosts, so that nobody pushes out of it what they \
            have done.
            """,
        options: [
            .init("since", .duration, "Only changes since so long ago"),
            .init("user", .text, "Only changes by this user, a name or a number"),
            // Not only hosts that exist: the journal has the changes of removed ones, too.
            .init("host", .text, "Only changes of this host, which need not be there any more"),
            .init("command", .text, "Only changes by commands that begin so"),
            .init("failed", nil, "Only changes that failed"),
            .init("limit", .count(1...100_000), "The last so many, 100 unless given"),
        ],
        result: .table([
            Field("time", .time, "when"),
            Field("number", .count, "the number of the entry, for who sees all hosts", isOptional: true),
            Field("user", .text, "who"),
            Field("code", .text, "how it ended; `running` while it runs, `interrupted` when nobody knows"),
            Field("command", .text, "what command"),
            Field("before", .text, "what was so before", isOptional: true),
            Field("after", .text, "what was so after it", isOptional: true),
            Field("hosts", .list(.text), "the hosts that it concerned, at most 2,000 of them"),
            Field("more_hosts", .count, "how many more it concerned", isOptional: true),
            Field("from", .text, "from where: the socket, a signal, the start, a time that ran out"),
            Field("uid", .count, "who, by number", isOptional: true),
            Field("pid", .count, "the process that asked", isOptional: true),
        ]),
        examples: [.init("journal --host example.com --since 1d", "Show who changed example.com since yesterday")])
}
