internal import Invites

/// Commands about redemptions, and about the people who made and redeemed invites.
enum RedemptionCommands {
    private static let kinds = Redemption.Kind.allCases.map(\.rawValue)
    private static let ways = Redemption.Way.allCases.map(\.rawValue)
    private static let states = ["reserved", "confirmed", "released"]

    /// A redemption, without the invite that it is of.
    static let redemption: [Field] = [
        Field("account", .text, "whose account it is about; none once that was deleted", isOptional: true),
        Field("redeemed_for", .choice(kinds), "what for: an account, a contact, a new password"),
        Field("way", .choice(ways), "which way it came"),
        Field("state", .choice(states), "`reserved` while it holds a use, `released` where it came to nothing"),
        Field("begun", .time, "when it began"),
        Field("ended", .time, "when it was confirmed or released", isOptional: true),
        Field("next_question", .time, "when the server is asked next whether the account exists", isOptional: true),
        Field("questions", .count, "how often it was asked without an answer", isOptional: true),
        Field("reason", .text, "why it was released", isOptional: true),
    ]
    /// Something that follows from a redemption.
    static let task: [Field] = [
        Field("action", .choice(["contacts", "notify"]), "what is to be done: make two contacts, or tell the inviter"),
        Field("user", .text, "on whose server, or who is told"),
        Field("other", .text, "who becomes the contact, or accepted the invite"),
        Field("state", .choice(["open", "done", "impossible"]), "how it is"),
        Field("tries", .count, "how often it was tried without success"),
        Field("next", .time, "when it is tried next", isOptional: true),
        Field("reason", .text, "why it is impossible", isOptional: true),
    ]

    static let tree = CommandSpec(
        "invite tree", "Show who invited whom",
        discussion: """
            From the redemptions that were confirmed, as long as the accounts are there. With an account, only whom that \
            one has invited, and those in turn. Contacts who have accounts already are not in it.
            """,
        arguments: [
            .init("host", .host, "Only of this host", isOptional: true),
            .init("account", .text, "A username, or a JID", isOptional: true),
        ],
        result: .table([
            Field("account", .branch, "the account", isOptional: true),
            Field("depth", .count, "how far below the beginning of its tree it is"),
            Field("redeemed", .time, "when it was made with an invite; none where it was not", isOptional: true),
            Field("invite", .count, "the number of that invite", isOptional: true),
            Field("inviter", .text, "who invited it, if that is known", isOptional: true),
            Field("host", .text, "the host"),
        ]),
        examples: [
            .init("invite tree example.com", "Show who invited whom on example.com"),
            .init("invite tree example.com alice", "Show whom Alice has brought"),
        ])

    static let find = CommandSpec(
        "invite find", "Explain why a link works or not",
        discussion: """
            It takes an `xmpp:` link, the address of its web page, a token, a username or a JID, and looks through the hosts \
            that you see; for links and tokens also those whose files are gone. Without anything it asks, so that the link \
            is in no history. The token is neither shown nor written down.
            """,
        arguments: [
            .init("link", .text, "A link, a token, a username or a JID", isOptional: true, isSecret: true),
            .init("host", .host, "Only on this host", isOptional: true),
        ],
        result: .table([
            Field("host", .text, "the host"),
            Field("invite", .count, "the number of the invite on that host"),
            Field("state", .choice(InviteCommands.states + ["removed"]), "how it is"),
            Field("because", .text, "why, in a sentence"),
        ]),
        examples: [
            .init("invite find", "Ask for a link, and say why it does not work"),
            .init("invite find juliet example.com", "Find the invites for Juliet, and those that she has redeemed"),
        ])

    static let revoke = CommandSpec(
        "invite revoke", "Take invites back: their links stop working",
        discussion: """
            Unlike deleted ones, they are listed as revoked until `invite_retention` is over, with who did it and why. \
            Instead of numbers, filters or `--all` choose them. Those that were used up or revoked stay as they are.
            """,
        arguments: [
            HostCommands.host,
            .init("invite", .invite, "The numbers of the invites", isOptional: true, isRepeating: true),
        ],
        options: [.init("reason", .text, "Why; `invite show` and `invite find` tell it")] + InviteCommands.filters + [
            .init("all", nil, "Revoke all there are"), .init("dry-run", nil, "Only list what would be revoked"),
        ],
        result: .table(InviteCommands.fields), effect: .destroy, role: .operator,
        examples: [
            .init("invite revoke example.com 42 --reason 'sent to the wrong list'", "Take back the invite 42"),
            .init("invite revoke example.com --inviter eve@example.com --state open", "Take back what Eve has made"),
        ])

    static let release = CommandSpec(
        "invite release", "End attempts to redeem an invite whose fate only you know",
        discussion: """
            An attempt that was cut off holds its use and its username until the server says whether the account exists. \
            Where it cannot say, see there yourself, and release the attempt if there is no such account: with one, the \
            invite would be redeemed once more than it may.
            """,
        arguments: [HostCommands.host, .init("invite", .invite, "The number of the invite")],
        options: [.init("reason", .text, "Why; `invite show` tells it")],
        result: .table(redemption), effect: .destroy, role: .operator,
        examples: [.init("invite release example.com 42", "End what holds the invite 42")])

    static let export = CommandSpec(
        "invite export", "Show all that is stored about a person",
        discussion: """
            What a person may ask for, of the hosts that you see: the invites that they made and those for their name, \
            redemptions, and what followed from them. With `--json` of `invitectl` it can be handed over. The journal is not \
            in it.
            """,
        arguments: [.init("jid", .jid, "Whose")],
        result: .table([
            Field("host", .text, "the host"),
            Field("row", .choice(["invite", "redemption", "task"]), "what it is"),
            Field("number", .count, "its number on that host"),
            Field("data", .object([]), "what is stored: texts by their names"),
        ]),
        examples: [.init("invite export alice@example.com", "Show what is stored about Alice")])

    static let forget = CommandSpec(
        "invite forget", "Remove what is stored about a person",
        discussion: """
            On the hosts where you are operator: their invites and those for their name are revoked, and their name and \
            address are removed from all rows, so that the tree of who invited whom no longer has them. Accounts and rosters \
            stay as they are, and so do backups, notes, and what is in the journal. Attempts that have not ended keep the \
            name until they do.
            """,
        arguments: [.init("jid", .jid, "Whom", isSecret: true)],
        result: .table([
            Field("host", .text, "the host"),
            Field("revoked", .count, "how many invites were revoked"),
            Field("invites", .count, "of how many invites a name was removed"),
            Field("redemptions", .count, "of how many redemptions"),
            Field("tasks", .count, "how many tasks were removed"),
            Field("kept", .count, "how many attempts still have the name"),
        ]),
        effect: .destroy, role: .operator,
        examples: [.init("invite forget alice@example.com", "Forget Alice, who asked for it")])
}
