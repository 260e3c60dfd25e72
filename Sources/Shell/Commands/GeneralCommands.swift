/// Commands about the shell and the daemon as such.
enum GeneralCommands {
    static let all = [help, status, version]

    static let help = CommandSpec(
        "help", "Show the commands, or how one is used",
        arguments: [
            .init("command", .command, "A command, or the words it begins with", isOptional: true, isRepeating: true)
        ],
        result: .text, reach: .anyone,
        examples: [
            .init("help", "Show all commands"), .init("help invite create account", "Show how to make account invites"),
        ])

    static let status = CommandSpec(
        "status", "Show how the daemon is",
        result: .record([
            Field("version", .text, "version of the daemon"),
            Field("since", .time, "when the daemon was started"),
            Field("connection", .text, "state of the component connection"),
            Field("hosts", .count, "hosts that you see"),
            Field("running", .count, "of them, those that work"),
            Field("suspended", .count, "of them, those that an operator has suspended"),
            Field("quarantined", .count, "of them, those whose storage fails"),
            Field("refused", .count, "of them, those whose files have mistakes"),
            Field("modules", .count, "hosts whose servers have our module"),
            Field("overrides", .count, "settings changed at run time"),
            Field("pages", .text, "where pages are served, or why not", isOptional: true),
            Field("metrics", .text, "where metrics are served, or why not", isOptional: true),
            Field("page_files", .text, "what is wrong with the provider's own pages", isOptional: true),
            Field(
                "unconfirmed_until", .time, "when a change undoes itself that nobody has confirmed", isOptional: true),
            Field("shortage", .text, "which means ran out within the last hour, and what to raise", isOptional: true),
        ]),
        reach: .anyone, examples: [.init("status", "Show how the daemon is")])

    static let version = CommandSpec(
        "version", "Show the version of the daemon and of its commands",
        result: .record([
            Field("version", .text, "version of the daemon"),
            Field("protocol", .count, "version of the shell's protocol"),
            Field("registry", .text, "hash of the commands"),
        ]),
        reach: .anyone, examples: [.init("version", "Show the version")])
}
