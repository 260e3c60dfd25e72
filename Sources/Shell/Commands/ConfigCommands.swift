/// Commands about the configuration: what the files say, what runs, and how to apply the one to the other.
enum ConfigCommands {
    static let all = [status, check, diff, plan, apply, confirm, undo, history, save, edit]

    static let status = CommandSpec(
        "config status", "Show where files and running daemon differ, and what was changed at run time",
        arguments: [.init("host", .host, "Only these hosts", isOptional: true, isRepeating: true)],
        result: .table([
            Field("host", .text, "the host; empty for the daemon's own file"),
            Field("key", .text, "the key"),
            Field("running", .text, "the value in force", isOptional: true),
            Field("origin", .text, "where that comes from", isOptional: true),
            Field("file", .text, "the value in the file", isOptional: true),
            Field("location", .text, "where that is", isOptional: true),
        ]),
        examples: [.init("config status", "Show what differs")])

    static let check = CommandSpec(
        "config check", "Read and check all files, and show every mistake",
        result: .table([
            Field("file", .text, "the file"), Field("line", .count, "the line, from 1"),
            Field("column", .count, "the column, from 1"), Field("message", .text, "what is wrong, and what was meant"),
        ]),
        reach: .daemon, examples: [.init("config check", "Check all files")])

    private static let difference: [Field] = [
        Field("host", .text, "the host; empty for the daemon's own file"),
        Field("key", .text, "the key"),
        Field("before", .text, "the value in force", isOptional: true),
        Field("after", .text, "the value after an apply", isOptional: true),
        Field("origin", .text, "where that comes from", isOptional: true),
    ]

    static let diff = CommandSpec(
        "config diff", "Show every setting that an apply would change",
        result: .table(difference), reach: .daemon, examples: [.init("config diff", "Show what would change")])

    static let actions = ["add", "remove", "update", "restart", "untouched"]
    private static let step: [Field] = [
        Field("host", .text, "the host; empty for the daemon itself, and for all hosts that stay as they are"),
        Field(
            "action", .choice(actions), "what happens to it; with `restart`, the daemon itself changes when it starts"),
        Field("lost", .list(.text), "what is taken from the host, or opened on it; such rows come first"),
        Field("keys", .list(.text), "the settings that change"),
        Field("hosts", .count, "how many hosts the row is about"),
        Field("plan", .text, "the hash of the plan"),
    ]

    static let plan = CommandSpec(
        "config plan", "Show what an apply would do to each host, and the hash that stands for it",
        result: .table(step), reach: .daemon,
        examples: [.init("config plan", "Show what an apply would do")])

    static let apply = CommandSpec(
        "config apply", "Make the daemon run what the files say",
        discussion: """
            All files are read and checked first; with one mistake nothing changes. With the hash of a plan, nothing \
            changes either if files or daemon are not what the plan was made from. Without one, the plan is shown, \
            and applied once it is confirmed.

            With `--confirm-within` the change undoes itself unless `config confirm` comes in time, also when the \
            session has ended, the daemon was killed or the power was lost.

            A host that was served before, whose file was gone for a while, may be somebody else's by now: its invites \
            from then are revoked, as the plan says. `--keep-open` keeps them good, and `host reopen` makes them so \
            again. A file that is gone and back between two applies changes nothing.
            """,
        arguments: [.init("plan", .plan, "The hash that `config plan` showed", isOptional: true)],
        options: [
            .init("confirm-within", .duration, "Undo it unless confirmed within this time"),
            .init("keep-open", nil, "Keep invites good of hosts that come back"),
        ],
        result: .table(step), effect: .change, role: .admin, reach: .daemon, asks: true,
        examples: [
            .init("config apply", "Show the plan, ask, and apply it"),
            .init("config apply 3f9a0c2e71b4 --confirm-within 5m", "Apply a plan, and undo it after five minutes"),
        ])

    static let confirm = CommandSpec(
        "config confirm", "Keep the change that waits to be confirmed", effect: .change, role: .admin, reach: .daemon,
        examples: [.init("config confirm", "Keep what was applied")])

    static let undo = CommandSpec(
        "config undo", "Go back to what ran before an apply",
        discussion: """
            The hosts go back, and the roles under `shell`. The files stay as they are; `config status` shows the \
            difference, and the next apply makes the daemon run them again. Hosts that come back have the invites \
            that they had.
            """,
        arguments: [
            .init("snapshot", .count(1...1_000_000), "The number that `config history` shows", isOptional: true)
        ],
        result: .table(step), effect: .change, role: .admin, reach: .daemon, asks: true,
        examples: [
            .init("config undo", "Undo the last apply"), .init("config undo 12", "Go back to the snapshot 12"),
        ])

    static let history = CommandSpec(
        "config history", "List the configurations that ran",
        result: .table([
            Field("snapshot", .count, "its number"), Field("time", .time, "when it came into force"),
            Field("by", .text, "who or what brought it"), Field("hosts", .count, "how many hosts it has"),
            Field("state", .choice(["running", "kept", "unconfirmed"]), "whether it runs"),
        ]),
        reach: .daemon, examples: [.init("config history", "List what can be gone back to")])

    static let save = CommandSpec(
        "config save", "Write a host's settings that were changed at run time into its file",
        discussion: """
            Only the values change: comments, order and all other bytes of the file stay. Files that were changed \
            since the daemon read them are refused; apply them first.
            """,
        arguments: [
            HostCommands.host, .init("key", .key, "Only these keys", isOptional: true, isRepeating: true),
        ],
        result: .table([
            Field("key", .text, "the key"), Field("before", .text, "the value in the file", isOptional: true),
            Field("after", .text, "the value now", isOptional: true), Field("location", .text, "where it is"),
        ]),
        effect: .change, role: .operator,
        examples: [.init("config save example.com", "Keep what was set on example.com")])

    static let edit = CommandSpec(
        "config edit", "Change a host's file in an editor, and check it before it is written",
        discussion: "The change is in force after `config apply`, for which it asks.",
        arguments: [HostCommands.host], effect: .change, role: .admin, reach: .daemon, asks: true,
        examples: [.init("config edit example.com", "Change the file of example.com")])
}
