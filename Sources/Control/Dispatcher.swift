package import Access
package import Logging
package import Shell
internal import Text
internal import XMPP

/// Runs commands for callers: parses, checks permissions, writes the journal, and ends every command with one result.
package struct Dispatcher: Sendable {
    private let registry: CommandRegistry
    private let handlers: CommandHandlers
    private let hosts: any HostDirectoryView
    private let recorder: any ChangeRecorder
    private let logger: Logger
    /// Changes wait for one another: for the daemon, and for the journal's disk.
    private let changes = CommandLimiter(.init(all: 128, reservedForAdmins: 32, perUser: 8))

    package init(
        _ handlers: CommandHandlers, registry: CommandRegistry = .standard, hosts: any HostDirectoryView,
        recorder: any ChangeRecorder, logger: Logger
    ) {
        self.handlers = handlers
        self.registry = registry
        self.hosts = hosts
        self.recorder = recorder
        self.logger = logger
    }

    /// Runs one command line to its end. It does not throw: what went wrong is in the end.
    package func run(_ argv: [String], caller: Caller, output: any CommandOutput) async -> ServerMessage.End {
        do throws(CommandFailure) {
            let invocation = try CommandParser(registry).parse(argv)
            // What a handler does to all hosts that the caller sees stays on those where the caller may do it.
            let call = Call(
                try admit(invocation, caller), caller: caller.least(invocation.neededRole), output: output)
            guard let handler = handlers[invocation.spec.path] else {
                throw CommandFailure(.internal, "`\(invocation.spec.name)` does nothing yet")
            }
            let isChange = invocation.effect != .read
            if isChange { try changes.acquire(call) }
            defer { if isChange { changes.release(call) } }
            let outcome = try await journalled(call) { () throws(CommandFailure) in try await run(handler, call) }
            return ServerMessage.End(.ok, outcome.message, hint: outcome.hint)
        } catch {
            return ServerMessage.End(error)
        }
    }

    private func run(_ handler: CommandHandlers.Handler, _ call: Call) async throws(CommandFailure) -> Outcome {
        do {
            return try await handler(call)
        } catch let failure as CommandFailure {
            throw failure
        } catch is CancellationError {
            throw CommandFailure(.cancelled, "ended before it was done")
        } catch {
            logger.error(
                "a command failed",
                metadata: ["command": "\(call.invocation.spec.name)", "reason": "\(error)"])
            throw CommandFailure(.internal, "the daemon failed; its log says why")
        }
    }

    // MARK: Who may

    private func admit(_ invocation: Invocation, _ caller: Caller) throws(CommandFailure) -> Invocation {
        let spec = invocation.spec
        guard spec.role <= caller.role else {
            throw CommandFailure(.denied, "`\(spec.name)` is for the role \(spec.role.rawValue)", hint: youAre(caller))
        }
        for option in invocation.givenOptions {
            if let role = option.role, role > caller.role {
                throw CommandFailure(
                    .denied, "`--\(option.name)` is for the role \(role.rawValue)", hint: youAre(caller))
            }
        }
        let needed = invocation.neededRole
        if spec.reach == .daemon, !caller.access.areOnAllHosts(as: needed) {
            throw CommandFailure(.denied, "`\(spec.name)` is for who has the role \(needed.rawValue) on all hosts")
        }
        return try invocation.mappingValues { (kind, text) throws(CommandFailure) in
            switch kind {
            case .host: return try seen(text, caller, as: needed)
            case .user:
                let user = try account(text)
                _ = try seen(user.domain, caller, as: needed)
                return user.description
            case .jid: return try account(text).description
            default: return text
            }
        }
    }

    private func youAre(_ caller: Caller) -> String { "your role is \(caller.role.rawValue)" }

    /// The host in its prepared form, if the caller sees it and has at least this role there.
    private func seen(_ text: String, _ caller: Caller, as role: Role) throws(CommandFailure) -> String {
        do throws(AccessDenial) {
            return try caller.host(text, as: role, among: hosts)
        } catch {
            switch error {
            case .unknownHost:
                throw CommandFailure(.unknownHost, "there is no host \(text.quoted)", hint: "`host list` shows them")
            case .needsRole(let role, let host):
                throw CommandFailure(.denied, "on \(host) this is for the role \(role.rawValue)")
            }
        }
    }

    private func account(_ text: String) throws(CommandFailure) -> JID {
        do {
            let jid = try JID(text)
            if jid.localpart != nil, jid.isBare { return jid }
        } catch {
            throw CommandFailure(.badArgument, "\(text.quoted) is not a JID: \(error)")
        }
        throw CommandFailure(.badArgument, "\(text.quoted) is not a bare JID such as alice@example.com")
    }

    // MARK: The journal

    /// Whatever changes something is in the journal before it happens; what became of it follows.
    private func journalled(
        _ call: Call, _ body: () async throws(CommandFailure) -> Outcome
    ) async throws(CommandFailure) -> Outcome {
        let isJournalled =
            call.invocation.spec.isJournalled || call.invocation.givenOptions.contains(where: \.isJournalled)
        guard call.invocation.effect != .read || isJournalled else {
            return try await body()
        }
        var concerned: [String] = []
        let users = call.invocation.texts { $0 == .user }.compactMap { try? JID($0).domain }
        for host in call.invocation.texts(where: { $0 == .host }) + users where !concerned.contains(host) {
            concerned.append(host)
        }
        let entry = try await recorder.begin(call.invocation, caller: call.caller, hosts: concerned)
        do throws(CommandFailure) {
            let outcome = try await body()
            await recorder.end(entry, code: .ok, outcome: outcome)
            return outcome
        } catch {
            await recorder.end(entry, code: error.code, outcome: call.recorded)
            throw error
        }
    }
}

/// Records changes: the journal.
package protocol ChangeRecorder: Sendable {
    /// Writes down, durably, that the command begins.
    ///
    /// - Returns: The number of the entry.
    /// - Throws: ``CommandFailure`` with ``ResultCode/unwritableJournal``; then the command must not run.
    func begin(_ invocation: Invocation, caller: Caller, hosts: [String]) async throws(CommandFailure) -> Int64
    /// Writes down how it ended.
    ///
    /// - Parameter outcome: What it has done, also where it failed; `nil` when that is nothing.
    func end(_ entry: Int64, code: ResultCode, outcome: Outcome?) async
}

extension Invocation {
    /// The least role that may do this, with these options.
    fileprivate var neededRole: Role { givenOptions.compactMap(\.role).reduce(spec.role, max) }
}
