import Shell

/// What the reference says of `invitectl` besides the daemon's commands.
enum ClientReference {
    static func usage(of option: CommandSpec.Option) -> String {
        switch (option.name, option.kind) {
        case ("socket", _?): "--socket PATH"
        case ("output", _?), ("input", _?): "--\(option.name) FILE"
        case ("complete", _): "--complete -- [WORD…]"
        case (let name, let kind?): "--\(name) \(kind.placeholder)"
        case (let name, nil): "--\(name)"
        }
    }

    static let synopsis = [
        "invitectl [--socket PATH]", "invitectl [--socket PATH] [--json] COMMAND [ARGUMENT…]",
        "invitectl [--socket PATH] [--json] [--keep-going] -",
    ]

    static let description = """
        `invitectl` looks at and changes a running `invited` through its Unix socket. With a command it runs that one and \
        exits. With `-` it reads commands from standard input, one a line, and ends at the first that fails. With nothing, \
        it reads them from the terminal, with line editing, completion by Tab, and a history. `quit` ends both.

        The client's own options may stand anywhere before `--`. Words with spaces go in quotes, as in a shell. What takes \
        away something that cannot be brought back asks first; `--yes` answers beforehand. Ctrl-C ends the command that \
        runs, and the exit status is then 130.

        `host backup` writes a file to standard output, unless `--output` names another place, but never to a terminal. A \
        file that `--output` names is there whole or not at all, and only its owner can read it. `host restore` reads \
        standard input, or what `--input` names.
        """

    static let roles = """
        The kernel says who is at the other end of the socket; `shell: roles:` in `invited.yaml` says what that lets them \
        do. A `viewer` looks and changes nothing. An `operator` changes hosts and their invites. An `admin` changes \
        everything. Root and the daemon's own user are admins.

        Who has a role for some hosts only sees no trace of others: not in lists, not in completion, not in errors. \
        Commands about the daemon as a whole are for who sees all hosts.
        """

    static func meaning(of status: ExitStatus) -> String {
        switch status {
        case .done: "The command was done."
        case .failed: "It failed."
        case .usage: "It was used wrongly."
        case .unreachable: "The daemon cannot be reached."
        case .denied: "The caller may not do this."
        case .conflict: "Somebody else was first: what the command was based on is no longer so."
        case .unconfirmed: "A question was not answered with yes."
        }
    }

    static func codes(of status: ExitStatus) -> [ResultCode] {
        ResultCode.allCases.filter { $0.exitStatus == status }
    }
}

extension ResultCode {
    /// What the code says, in one sentence.
    var meaning: String {
        switch self {
        case .ok: "It was done."
        case .unknownCommand: "The first words are no command."
        case .badArgument: "Arguments are missing, too many, or not what the command takes."
        case .unknownOption: "The command has no such option."
        case .badRequest: "A line is not a request of the protocol."
        case .tooLong: "A line is longer than the daemon reads."
        case .needsTerminal: "The command needs a person at a terminal, or a client that can do more."
        case .denied: "The caller has no role, or one that may not do this."
        case .tooManySessions: "There are as many sessions as may be."
        case .tooManyCommands: "The session runs as many commands as it may."
        case .unknownHost: "There is no such host, or none that the caller sees."
        case .refusedHost: "The host's file has mistakes, so it does not run."
        case .unavailableHost: "The host's storage does not work; `host why` tells the cause."
        case .overloadedHost: "The host has too much to do right now."
        case .unknownInvite: "The host has no such invite."
        case .deniedInvite: "The host's rules forbid this invite."
        case .takenUsername: "Another invite that is still good fixes this username, or it has an account."
        case .unknownUser: "The host has no account of this user."
        case .badBackup: "The file is not a backup that this host takes."
        case .failedBackup: "A backup could not be made or put in place; nothing was changed."
        case .invalidConfiguration: "Files have mistakes; rows tell them with file, line and column."
        case .staleConfiguration: "Files or state are not what the plan was made from."
        case .pendingConfiguration: "A change waits to be confirmed or undone."
        case .nothingToDo: "There is nothing to confirm, to undo or to save."
        case .unwritableConfiguration: "A file could not be read or written."
        case .invalidSetting: "A key does not take this value, or there is no such key."
        case .disconnected: "There is no connection to the XMPP server."
        case .unwritableJournal: "The journal cannot be written, so nothing is changed."
        case .unconfirmed: "The question was not answered, since nobody can be asked here."
        case .refused: "The answer to the question was no."
        case .cancelled: "The caller ended the command."
        case .shuttingDown: "The daemon is ending."
        case .unreachable:
            "Nobody listens on the socket, or the daemon does not answer there. Only the client says this."
        case .internal: "A mistake in the daemon itself."
        }
    }
}

extension CommandSpec {
    /// Its effect and who may use it, in sentences for the reference.
    var rights: String {
        let who =
            switch reach {
            case .anyone, .hosts: "For the role \(role.rawValue)."
            case .daemon: "For the role \(role.rawValue), with all hosts."
            }
        switch effect {
        case .read: return isJournalled ? who + " It is written to the journal." : who
        case .change: return who + " It is written to the journal."
        case .destroy: return who + " It cannot be undone, asks first, and is written to the journal."
        }
    }

    func rights(of option: Option) -> String {
        var sentences = ""
        if let role = option.role { sentences += " For the role \(role.rawValue)." }
        if option.isJournalled { sentences += " Its use is written to the journal." }
        return sentences
    }
}

extension CommandSpec.Option {
    /// The option as it is typed, with a placeholder for its value.
    var usage: String { kind.map { "--\(name) \($0.placeholder)" } ?? "--\(name)" }
}

extension Field.Kind {
    /// What a value is, in words.
    var words: String {
        switch self {
        case .text, .branch, .drawing: "a text"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .flag: "`true` or `false`"
        case .count: "a whole number"
        case .bytes: "a number of bytes"
        case .number: "a number"
        case .time: "a time (RFC 3339)"
        case .seconds: "a number of seconds"
        case .list(.text): "a list of texts"
        case .list(.object): "a list of objects"
        case .list(let kind): "a list: \(kind.words)"
        case .object: "an object"
        }
    }
}
