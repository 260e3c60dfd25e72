internal import Invites

/// Commands about the invites of hosts.
enum InviteCommands {
    static let all = [
        createAccount, createContact, createReset, list, show, RedemptionCommands.find, RedemptionCommands.tree, extend,
        RedemptionCommands.revoke, RedemptionCommands.release, delete, purge, RedemptionCommands.export,
        RedemptionCommands.forget,
    ]

    static let kinds = InviteKind.allCases.map(\.rawValue)
    static let states = [InviteState.open, .reserved, .used, .expired, .revoked].map(\.rawValue)
    private static let invite = CommandSpec.Argument("invite", .invite, "The number of the invite")

    static let fields: [Field] = [
        Field("host", .text, "the host"),
        Field("invite", .count, "the number of the invite on that host"),
        Field("kind", .choice(kinds), "what it grants"),
        Field("state", .choice(states), "how it is: `reserved` while attempts to redeem it hold what is left of it"),
        Field("expires", .time, "until when it is good"),
        Field("inviter", .text, "whose invite it is; none where an operator made it for nobody", isOptional: true),
        Field("username", .text, "the name of the account, if fixed, or whose password it resets", isOptional: true),
        Field("uses", .count, "how often it can be redeemed, where that is more than once", isOptional: true),
        Field("redeemed", .count, "how often it was, if so", isOptional: true),
        Field("reserved", .count, "how many attempts hold a use of it, if any do", isOptional: true),
        Field("created", .time, "when it was made"),
        Field("note", .text, "what was noted when it was made", isOptional: true),
    ]
    private static let uri = Field("uri", .text, "the link", isOptional: true, isSecret: true)
    private static let landingURL = Field(
        "landing_url", .text, "its web page, where there is one", isOptional: true, isSecret: true
    )
    private static let qrCode = Field("qr", .drawing, "the link as a QR code", isOptional: true, isSecret: true)

    private static let expires = CommandSpec.Option(
        "expires", .duration, "How long it is good for; otherwise as the host's file says")
    private static let note = CommandSpec.Option("note", .text, "What to remember about it; only the shell shows it")
    private static let language = CommandSpec.Option(
        "language", .text,
        "In which language the user is told what becomes of it, such as de; otherwise as the host's file says")
    private static let qr = CommandSpec.Option("qr", nil, "Show the link as a QR code, too")

    static let createAccount = CommandSpec(
        "invite create account", "Invite somebody to register on a host",
        discussion: """
            The rules that say what users may ask for do not cap operators. A username is fixed by one invite at a \
            time. What they make counts against no limit of users.
            """,
        arguments: [HostCommands.host],
        options: [
            .init("username", .text, "The name of the new account"),
            .init(
                "contact", .user,
                "The user of the host, such as alice@example.com, who becomes a contact of the new one"),
            .init("uses", .count(1...10_000), "How often it can be redeemed, once unless given; not with --username"),
            expires, note, language, qr,
        ],
        result: .record(fields + [uri, landingURL, qrCode]), effect: .change, role: .operator,
        examples: [
            .init("invite create account example.com", "Let somebody register on example.com"),
            .init(
                "invite create account example.com --username juliet --expires 1d", "Let Juliet register within a day"),
            .init(
                "invite create account example.com --uses 20 --expires 1d", "Let twenty people register with one link"),
            .init(
                "invite create account example.com --note 'for the choir'", "Remember in `invite list` what it is for"),
            .init(
                "invite create account example.com --contact alice@example.com --qr",
                "Invite somebody who becomes a contact of Alice, too, and show the link as a QR code"),
        ])

    static let createContact = CommandSpec(
        "invite create contact", "Invite somebody to become a contact of a user",
        discussion: """
            It is the user's invite: `allow_user_invites` says whether the invitee may also register. Where users may \
            not invite contacts themselves, operators still can.
            """,
        arguments: [.init("user", .user, "Whose contact")],
        options: [expires, note, language, qr],
        result: .record(fields + [uri, landingURL, qrCode]), effect: .change, role: .operator,
        examples: [.init("invite create contact alice@example.com", "Invite a contact for Alice")])

    static let createReset = CommandSpec(
        "invite create reset", "Let a user choose a new password",
        discussion: """
            Whoever has the link gets the account, so it is good for a day, or less where the host's file says less, \
            unless you say otherwise. Where the server says in time which accounts there are, there has to be one of this name.
            """,
        arguments: [.init("user", .user, "Whose password")],
        options: [.init("expires", .duration, "How long it is good for; otherwise a day at most"), note, qr],
        result: .record(fields + [uri, landingURL, qrCode]), effect: .change, role: .operator,
        examples: [.init("invite create reset alice@example.com", "Make a link for Alice, who forgot her password")])

    static let filters: [CommandSpec.Option] = [
        .init("kind", .choice(kinds), "Only invites that grant this"),
        .init("inviter", .jid, "Only invites of this user"),
        .init("state", .choice(states), "Only invites that are so"),
        .init("older-than", .duration, "Only invites made longer ago"),
        .init("newer-than", .duration, "Only invites made since"),
    ]

    static let list = CommandSpec(
        "invite list", "List the invites of hosts",
        discussion: """
            Links are not shown; `invite show --reveal` shows one. What expired, was used up or revoked is listed \
            until it is removed, `invite_retention` later. A host whose storage does not work is told in a line of its own.
            """,
        arguments: [.init("host", .host, "Only of these hosts", isOptional: true, isRepeating: true)],
        options: filters + [.init("limit", .count(1...1_000_000), "No more than so many of a host")],
        result: .table(fields),
        examples: [
            .init("invite list example.com --state open", "List the invites of example.com that are still good"),
            .init("invite list --inviter alice@example.com", "List what Alice has made"),
        ])

    static let show = CommandSpec(
        "invite show", "Show one invite, and what became of it",
        discussion: """
            Of many redemptions it shows 100, those that hold or have spent a use first, and of what follows from them what \
            is not done.
            """,
        arguments: [HostCommands.host, invite],
        options: [
            .init("reveal", nil, "Show the link, which lets its reader in", isJournalled: true, role: .operator),
            .init("qr", nil, "Show the link as a QR code", isJournalled: true, role: .operator),
        ],
        result: .record(
            fields + [
                Field("revoked", .time, "when it was revoked", isOptional: true),
                Field("revoked_by", .text, "by whom: an operator, or `invited` itself", isOptional: true),
                Field("revoked_because", .text, "why", isOptional: true), uri, landingURL, qrCode,
                Field(
                    "redemptions", .list(.object(RedemptionCommands.redemption)), "who has redeemed it or tried to",
                    isOptional: true),
                Field(
                    "tasks", .list(.object(RedemptionCommands.task)), "what follows from that and is not done",
                    isOptional: true),
            ]),
        examples: [
            .init("invite show example.com 42", "Show the invite 42"),
            .init("invite show example.com 42 --reveal", "Show it with its link"),
        ])

    static let delete = CommandSpec(
        "invite delete", "Delete invites: their links stop working",
        arguments: [
            HostCommands.host, .init("invite", .invite, "The numbers of the invites", isRepeating: true),
        ],
        result: .table(fields), effect: .destroy, role: .operator,
        examples: [.init("invite delete example.com 42 43", "Delete two invites")])

    static let extend = CommandSpec(
        "invite extend", "Let an invite be good for longer",
        discussion: """
            The time counts from now, and may be less than what is left. An expired invite becomes good again, unless \
            another one fixes its username by now; one that was used up or revoked does not.
            """,
        arguments: [HostCommands.host, invite, .init("time", .duration, "How long from now")],
        result: .record(fields), effect: .change, role: .operator,
        examples: [.init("invite extend example.com 42 7d", "Let the invite 42 be good for a week from now")])

    static let purge = CommandSpec(
        "invite purge", "Delete all invites of a host that the filters choose",
        discussion: """
            It needs a filter or `--all`. What is made after the question was asked stays.
            """,
        arguments: [HostCommands.host],
        options: filters + [
            .init("all", nil, "Delete all there are"), .init("dry-run", nil, "Only list what would be deleted"),
        ],
        result: .table(fields), effect: .destroy, role: .operator,
        examples: [
            .init("invite purge example.com --state expired", "Delete the invites that are no longer good"),
            .init("invite purge example.com --inviter eve@example.com --dry-run", "Show which of Eve's would go"),
        ])
}
