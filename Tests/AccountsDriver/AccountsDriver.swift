import Accounts
import Component
import Configuration
import Daemon
import Foundation
import Glibc
import Invites
import Logging
import Runtime
import Supervision
import XMPP

/// The daemon, with what pages will do for people put into the hands of a test: `accounts-driver FILE` runs with the configuration
/// in the file, reads one JSON object a line, asks the provider of the host that it names, and writes the outcome, one JSON object
/// a line. It ends with its input.
@main
struct AccountsDriver {
    struct Request: Decodable {
        var host: String
        /// `abilities`, `exists`, `create`, `password`, `contact` or `notify`.
        var ask: String
        var username: String?
        var password: String?
        var contact: String?
        var text: String?
    }

    struct Answer: Encodable {
        var outcome: String
        var text: String?
    }

    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        var loader = ConfigurationLoader(file: CommandLine.arguments.last ?? "", credentialsDirectory: nil)
        let loaded = loader.load()
        guard let settings = loaded.daemon, loaded.diagnostics.isEmpty else {
            fatalError("\(loaded.diagnostics)")
        }
        let logger = Logger(label: "driver") { StreamLogHandler.standardError(label: $0) }
        let daemon = try Daemon(
            loader, loaded: loaded, settings: settings, maximumOpenDatabases: 8,
            dependencies: Dependencies(logger: logger),
            statusChanged: { status in if status == .connected { write(Answer(outcome: "connected")) } })
        let running = Task { await daemon.run() }
        while let line = await onBlockingThread({ readLine() }) {
            let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
            guard let host = daemon.registry[request.host]?.configuration else { fatalError("no host \(request.host)") }
            write(await answer(to: request, daemon.component.accounts(of: host)))
        }
        await daemon.shutDown(within: Duration.seconds(5))
        await running.value
    }

    private static func answer(to request: Request, _ accounts: any Accounts) async -> Answer {
        let username = request.username ?? ""
        switch request.ask {
        case "abilities":
            let can = accounts.abilities
            let abilities: [(String, Bool)] = [
                ("creates", can.makesAccounts), ("knows", can.knowsAccounts), ("contacts", can.setsContacts),
                ("notices", can.sendsNotices),
            ]
            return Answer(
                outcome: can.provider.rawValue, text: abilities.filter(\.1).map(\.0).joined(separator: " "))
        case "exists":
            switch await accounts.existence(of: username) {
            case .present: return Answer(outcome: "present")
            case .absent: return Answer(outcome: "absent")
            case .unknown(let why): return Answer(outcome: "unknown", text: why)
            }
        case "create":
            return Answer(await accounts.create(NewAccount(username: username, password: request.password ?? "")))
        case "password":
            switch await accounts.setPassword(request.password ?? "", of: username) {
            case .done(let endedSessions):
                return Answer(outcome: "done", text: endedSessions ? "sessions ended" : "sessions remain")
            case .failed(let outcome): return Answer(outcome)
            }
        case "contact":
            guard let contact = request.contact.flatMap({ try? JID($0) }).flatMap({ Account($0) }) else {
                fatalError("a contact has an address")
            }
            return Answer(await accounts.addContact(contact, to: username))
        case "notify": return Answer(await accounts.notify(username, request.text ?? "", language: "en"))
        default: fatalError("unknown: \(request.ask)")
        }
    }

    private static func write(_ answer: Answer) {
        guard var line = try? JSONEncoder().encode(answer) else { return }
        line.append(UInt8(ascii: "\n"))
        FileHandle.standardOutput.write(line)
    }
}

extension AccountsDriver.Answer {
    fileprivate init(_ outcome: AccountOutcome) {
        switch outcome {
        case .done: self.init(outcome: "done")
        case .refused(let text): self.init(outcome: "refused", text: text)
        case .taken: self.init(outcome: "taken")
        case .absent: self.init(outcome: "absent")
        case .busy(let text): self.init(outcome: "busy", text: text)
        case .unreachable(let why): self.init(outcome: "unreachable", text: why)
        case .unknown(let why): self.init(outcome: "unknown", text: why)
        case .unsupported: self.init(outcome: "unsupported")
        }
    }
}
