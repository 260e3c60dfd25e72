/// Commands about the XMPP server and the connection to it.
enum ServerCommands {
    static let all = [status, reconnect, grants]

    static let accounts = ["module", "xep-0133", "none"]

    static let status = CommandSpec(
        "component status", "Show how the connection to the XMPP server is",
        result: .record([
            Field("jid", .text, "the component's address"),
            Field("server", .text, "where the server is"),
            Field("state", .choice(["connecting", "connected", "waiting", "stopped"]), "how the connection is"),
            Field("since", .time, "since when"),
            Field("attempt", .count, "attempts since the last success", isOptional: true),
            Field("retry_at", .time, "when the next attempt is", isOptional: true),
            Field("trouble", .text, "why there is no connection", isOptional: true),
            Field(
                "last_trouble", .text,
                "while it is connected, why the connection before ended or the last attempt failed", isOptional: true),
            Field("last_trouble_at", .time, "when that was", isOptional: true),
            Field("dropped", .count, "answers that found no connection, for who sees all hosts", isOptional: true),
        ]),
        reach: .anyone, examples: [.init("component status", "Show how the connection is")])

    static let reconnect = CommandSpec(
        "component reconnect", "End the connection to the XMPP server in good order, and connect again",
        discussion:
            "Requests that were accepted are answered first. Where the daemon waits to try again, it tries at once.",
        effect: .change, role: .admin, reach: .daemon,
        examples: [.init("component reconnect", "Connect again now")])

    static let grants = CommandSpec(
        "grants", "Show what the server of each host lets the daemon do",
        discussion: """
            What the server, and our module in it, have said by themselves after the connection was made (XEP-0355, \
            XEP-0356). With `--probe` the server is asked: whether commands of the host come here, whether accounts could \
            be made (XEP-0133), and whether it tells if an account exists. It leaves nothing behind.
            """,
        arguments: [.init("host", .host, "Only these hosts", isOptional: true, isRepeating: true)],
        options: [.init("probe", nil, "Ask the server of each host now", role: .operator)],
        result: .table([
            Field("host", .text, "the host"),
            Field("accounts", .choice(accounts), "who makes accounts"),
            Field("lacking", .list(.text), "what is not done, and what to configure so that it is", isOptional: true),
            Field("module", .text, "our module in the server, and why it is not used", isOptional: true),
            Field("features", .list(.text), "what the module can do", isOptional: true),
            Field("limits", .list(.text), "what it cannot on this server, or leaves open", isOptional: true),
            Field("add_user", .text, "whether commands make accounts: yes, not used and why, no and why, or unknown"),
            Field("knows_accounts", .text, "whether it tells if an account exists: yes, no and why, or unknown"),
            Field("roster", .text, "access to rosters: none, get, set, both or unknown"),
            Field("commands", .text, "whether the host's commands come here: yes, no and why, or unknown"),
            Field("delegated", .list(.text), "namespaces that are delegated", isOptional: true),
            Field("privileges", .list(.text), "privileges that are granted", isOptional: true),
        ]),
        examples: [
            .init("grants", "Show the grants of all hosts"),
            .init("grants example.com --probe", "Ask the server of example.com"),
        ])
}
