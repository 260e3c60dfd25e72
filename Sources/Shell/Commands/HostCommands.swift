/// Commands about hosts.
enum HostCommands {
    static let all = [list, show, why, set, reset, suspend, resume, restart, reopen, backup, restore]

    static let host = CommandSpec.Argument("host", .host, "The host")
    static let states = ["running", "suspended", "quarantined", "refused"]

    static let list = CommandSpec(
        "host list", "List the hosts and how they are",
        arguments: [.init("host", .host, "Only these hosts", isOptional: true, isRepeating: true)],
        options: [
            .init("state", .choice(states), "Only hosts in this state"),
            .init("match", .text, "Only hosts whose names contain this"),
        ],
        result: .table([
            Field("host", .text, "the host"),
            Field("state", .choice(states), "how it is"),
            Field("since", .time, "since when"),
            Field("requests", .count, "requests since the start"),
            Field("invites", .count, "invites made since the start"),
            Field("waiting", .count, "requests that wait now"),
            Field("overrides", .count, "settings changed at run time"),
            Field("trouble", .text, "what is wrong", isOptional: true),
        ]),
        examples: [
            .init("host list", "List all hosts"),
            .init("host list --state quarantined", "List the hosts whose storage fails"),
        ])

    static let setting: [Field] = [
        Field("key", .text, "the key in the host's file"),
        Field("value", .text, "the value in force"),
        Field("origin", .text, "where it comes from: FILE:LINE:COLUMN, default, runtime or a snapshot"),
    ]

    static let show = CommandSpec(
        "host show", "Show one host: its state, settings, grants and numbers", arguments: [host],
        result: .record([
            Field("host", .text, "the host"),
            Field("state", .choice(states), "how it is"),
            Field("since", .time, "since when"),
            Field("trouble", .text, "what is wrong", isOptional: true),
            Field("last_trouble", .text, "what was wrong last, if something else", isOptional: true),
            Field("retry_at", .time, "when the storage is tried again", isOptional: true),
            Field("file", .text, "the host's file", isOptional: true),
            Field("settings", .list(.object(setting)), "the settings in force"),
            Field("accounts", .choice(ServerCommands.accounts), "who makes accounts"),
            Field("module", .text, "our module in the server, and why it is not used", isOptional: true),
            Field("delegated", .list(.text), "namespaces that the server delegates (XEP-0355)"),
            Field("privileges", .list(.text), "what the server lets the daemon do (XEP-0356)"),
            Field("requests", .count, "requests since the start"),
            Field("refused", .count, "of them, those that were refused"),
            Field("invites", .count, "invites made since the start"),
            Field("redemptions", .count, "redemptions confirmed since the start"),
            Field("waiting", .count, "requests that wait now"),
        ]),
        examples: [.init("host show example.com", "Show the host example.com")])

    static let why = CommandSpec(
        "host why", "Explain why a host is as it is, and what somebody may do there",
        arguments: [host, .init("jid", .jid, "Whose permissions to explain", isOptional: true)],
        result: .table([
            Field("subject", .text, "what is explained"),
            Field("verdict", .text, "how it is"),
            Field("because", .text, "why"),
            Field("origin", .text, "where that comes from", isOptional: true),
        ]),
        examples: [
            .init("host why example.com", "Explain the state and the settings of example.com"),
            .init("host why example.com alice@example.com", "Explain what Alice may do there"),
        ])

    static let set = CommandSpec(
        "host set", "Change a setting of a host until it is reset or the daemon restarts",
        discussion: """
            The change is in force with the next request. It goes before what the file says, also after the file \
            changes. `config save` writes it into the file.

            Who sees only some hosts sets `service_address` to a domain below one of them.
            """,
        arguments: [
            host, .init("key", .key, "The key as in the host's file"),
            .init(
                "value", .setting, "The value as in the host's file; a list's items as separate words",
                isRepeating: true),
        ],
        result: .record(setting), effect: .change, role: .operator,
        examples: [
            .init("host set example.com allow_user_invites true", "Let the contacts of users register"),
            .init("host set example.com admins ann@example.com bob@example.com", "Set the admins"),
        ])

    static let reset = CommandSpec(
        "host reset", "Drop settings of a host that were changed at run time",
        arguments: [host, .init("key", .key, "Only these keys", isOptional: true, isRepeating: true)],
        result: .table(setting), effect: .change, role: .operator,
        examples: [.init("host reset example.com", "Go back to what the file says")])

    static let suspend = CommandSpec(
        "host suspend", "Refuse all requests for invites of a host",
        discussion: """
            The same as `host set HOST suspended true`. It holds until `host resume`, also when the daemon restarts.
            """,
        arguments: [host], effect: .change, role: .operator,
        examples: [.init("host suspend example.com", "Let nobody make invites there")])

    static let resume = CommandSpec(
        "host resume", "Serve a suspended host again", arguments: [host], effect: .change, role: .operator,
        examples: [.init("host resume example.com", "Let people make invites there again")])

    static let restart = CommandSpec(
        "host restart", "Restart the service of a host, and open its database again",
        discussion: "Requests that it has accepted are answered first. A host in quarantine is tried at once.",
        arguments: [host], effect: .change, role: .operator,
        examples: [.init("host restart example.com", "Try example.com again now")])

    static let reopen = CommandSpec(
        "host reopen", "Make invites good again that were revoked because the host came back",
        discussion: """
            When the file of a host is gone for a while and comes back, its invites from before are revoked: the domain \
            may be somebody else's by then. Where it is not, this takes that back, but for invites whose fixed name \
            another has been given since. What operators have revoked stays so.
            """,
        arguments: [host], effect: .change, role: .operator, asks: true,
        examples: [.init("host reopen example.com", "Let the links from before work again")])

    static let backup = CommandSpec(
        "host backup", "Copy all invites of a host into a file",
        discussion: """
            The file is an SQLite database. It has every invite that was answered before the command, and is consistent \
            while the host goes on, is suspended, or is in quarantine with a database that can be read. It holds the \
            links, so whoever reads it gets in. It comes on standard output, or where `--output` of `invitectl` says; it \
            is whole if the exit status is 0. The daemon needs room for the copy, and keeps none. Whoever has not taken \
            all of it within an hour gets no more.
            """,
        arguments: [host],
        result: .record([
            Field("host", .text, "the host"),
            Field("invites", .count, "how many invites are in it"),
            Field("bytes", .bytes, "how long the file is"),
            Field("made", .time, "when it was made"),
        ]),
        isJournalled: true, file: .output, role: .admin,
        examples: [
            .init("host backup example.com --output example.com.sqlite3", "Write a backup of example.com to a file")
        ])

    static let restore = CommandSpec(
        "host restore", "Put a backup in the place of a host's invites",
        discussion: """
            The file is what `host backup` has made, read from standard input or where `--input` of `invitectl` says, of \
            1 GiB at most. It is checked and brought up to date first, and then takes the place of the host's database \
            at once, between two requests. What was there is kept beside it, and the answer names the file; invites made \
            since the backup are in there only, but for those that somebody has redeemed or is about to.

            What has happened since is not undone: links that were used up or taken back do not work again, who invited \
            whom stays known, and what is owed to people is done. An invite that is good in the backup is good no longer \
            than the host's present database says, and one that is not there is revoked. When that database cannot be \
            read, all of them are. `--keep-open` keeps them as good as the backup has them.

            It asks first. What was not sent and answered within an hour is given up.
            """,
        arguments: [host],
        options: [
            .init("keep-open", nil, "Keep invites good that are good in the backup"),
            .init("any-host", nil, "Also take a database of another host, or one that does not say whose it is"),
        ],
        result: .record([
            Field("host", .text, "the host"),
            Field("invites", .count, "how many invites it has now"),
            Field("revoked", .count, "how many of them are good in the backup and were revoked"),
            Field("replaced", .count, "how many it had before, if that could be read", isOptional: true),
            Field("kept", .text, "where the database is that it had before, if there was one", isOptional: true),
        ]),
        effect: .change, file: .input, role: .admin, asks: true,
        examples: [
            .init(
                "host restore example.com --input example.com.sqlite3",
                "Go back to what that backup has, but for links that do not work any more")
        ])
}
