/// How a command ended, in a word for programs. Codes are never renamed or given another meaning.
package enum ResultCode: String, CaseIterable, Hashable, Sendable {
    case ok

    /// The first words are no command.
    case unknownCommand = "usage.unknown-command"
    /// Arguments are missing, too many, or not what the command takes.
    case badArgument = "usage.bad-argument"
    case unknownOption = "usage.unknown-option"
    /// A line is not a request of the protocol.
    case badRequest = "usage.bad-request"
    /// A line is longer than the daemon reads.
    case tooLong = "usage.too-long"
    /// The command needs a person at a terminal, or a client that can do more.
    case needsTerminal = "usage.needs-terminal"

    /// The caller has no role, or one that may not do this.
    case denied = "access.denied"
    /// There are as many sessions as may be.
    case tooManySessions = "access.too-many-sessions"
    /// The session runs as many commands as it may, or the user has changed as much as one may in a day.
    case tooManyCommands = "access.too-many-commands"

    /// There is no such host, or none that the caller sees.
    case unknownHost = "host.unknown"
    /// The host's file has mistakes, so it does not run.
    case refusedHost = "host.refused"
    /// The host's storage does not work; `host why` shows the cause.
    case unavailableHost = "host.unavailable"
    /// The host has too much to do right now.
    case overloadedHost = "host.overloaded"

    /// The host has no such invite.
    case unknownInvite = "invite.unknown"
    /// The host's rules forbid this invite.
    case deniedInvite = "invite.denied"
    /// Another invite that is still good fixes this username, or it has an account.
    case takenUsername = "invite.username-taken"

    /// The host has no account of this user.
    case unknownUser = "user.unknown"

    /// The file is not a backup that this host takes.
    case badBackup = "backup.invalid"
    /// A backup could not be made or put in place.
    case failedBackup = "backup.io"

    /// Files have mistakes; rows report them with file, line and column.
    case invalidConfiguration = "config.invalid"
    /// Files or state are not what the plan was made from.
    case staleConfiguration = "config.stale"
    /// A change waits to be confirmed or undone.
    case pendingConfiguration = "config.pending"
    /// There is nothing to confirm, or to undo, or to save.
    case nothingToDo = "config.nothing"
    /// A file could not be read or written.
    case unwritableConfiguration = "config.io"
    /// A key does not take this value, or there is no such key.
    case invalidSetting = "config.bad-value"

    /// There is no connection to the XMPP server.
    case disconnected = "component.disconnected"

    /// The journal cannot be written, so nothing is changed.
    case unwritableJournal = "journal.io"

    /// The question was not answered, since there is no person to ask.
    case unconfirmed = "confirm.required"
    /// The answer to the question was no.
    case refused = "confirm.refused"

    /// The caller ended the command.
    case cancelled = "cancelled"
    /// The daemon is ending.
    case shuttingDown = "daemon.shutting-down"
    /// No process listens on the socket, or the daemon does not answer there. Only the client says this.
    case unreachable = "daemon.unreachable"
    /// A mistake in the daemon itself.
    case `internal` = "internal"

    /// The client's exit status for a command that ended so.
    package var exitStatus: ExitStatus {
        switch self {
        case .ok: .done
        case .unknownCommand, .badArgument, .unknownOption, .badRequest, .tooLong, .needsTerminal: .usage
        case .unreachable: .unreachable
        case .denied: .denied
        case .takenUsername, .staleConfiguration, .pendingConfiguration: .conflict
        case .unconfirmed, .refused: .unconfirmed
        case .tooManySessions, .tooManyCommands, .unknownHost, .refusedHost, .unavailableHost, .overloadedHost,
            .unknownInvite, .deniedInvite, .unknownUser, .badBackup, .failedBackup, .invalidConfiguration, .nothingToDo,
            .unwritableConfiguration, .invalidSetting, .disconnected, .unwritableJournal, .cancelled,
            .shuttingDown, .internal:
            .failed
        }
    }
}

/// What `invitectl` exits with.
package enum ExitStatus: Int32, CaseIterable, Hashable, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    /// The daemon cannot be reached.
    case unreachable = 3
    /// The caller may not.
    case denied = 4
    /// The state that the command was based on has changed meanwhile.
    case conflict = 5
    /// A question was not answered with yes.
    case unconfirmed = 6
}

/// Why a command failed.
package struct CommandFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: ResultCode
    /// What went wrong, in one sentence without a full stop. It names nothing that the caller may not see.
    package let message: String
    /// What to do about it, if that is known.
    package let hint: String?

    package init(_ code: ResultCode, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
