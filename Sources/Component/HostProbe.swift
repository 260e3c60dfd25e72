package import Accounts
package import Configuration
internal import XMPP

/// The server's answers to a probe of what it allows us.
package struct HostProbe: Hashable, Sendable {
    package enum Finding: Hashable, Sendable, CustomStringConvertible {
        case yes
        /// And what is in its place.
        case unused(String)
        /// And why not.
        case no(String)
        /// And why that is not known.
        case unknown(String)

        /// `yes`, `not used: …`, `no: …` or `unknown: …`.
        package var description: String {
            switch self {
            case .yes: "yes"
            case .unused(let why): "not used: \(why)"
            case .no(let why): "no: \(why)"
            case .unknown(let why): "unknown: \(why)"
            }
        }
    }

    /// Whether the server would make accounts of the host for us (XEP-0133).
    package var addUser: Finding
    /// Whether the commands of the host are sent here.
    package var commands: Finding
    /// Whether the provider of accounts can determine whether one exists.
    package var knowsAccounts: Finding
}

extension HostProbe.Finding {
    /// That commands need not make accounts, since another provider does or none is wanted; `nil` where they are to.
    package init?(addUserBesides abilities: AccountAbilities, _ choice: AccountsChoice) {
        switch abilities.provider {
        case .module: self = .unused("the module in the server makes accounts")
        case .none where choice == .none: self = .unused("`accounts` is none")
        case .none where choice == .module: self = .unused("`accounts` is module")
        case .none, .commands: return nil
        }
    }

    /// The meaning of an answer to the command add-user: a form is offered to those who may fill it in.
    ///
    /// - Parameters:
    ///   - grants: What the server has granted.
    ///   - hasAdmin: Whether one of the host's admins is a user of it.
    init(addUser answer: Result<Element?, RequestError>, grants: HostGrants, hasAdmin: Bool) {
        let mayCommand = grants.privilege?.allows(.set(Element("command", namespace: Namespaces.commands))) == true
        switch answer {
        case .success(let payload):
            let response = payload.flatMap { CommandResponse($0) }
            if let note = response?.notes.first(where: { $0.kind == .error }) {
                self = .no(note.text.isEmpty ? "the server does not say why" : note.text)
            } else if response?.form != nil {
                self = .yes
            } else {
                self = .unknown("the server answered without a form")
            }
        case .failure(.refused(let error)) where error.condition == .itemNotFound && grants.delegatesCommands:
            // ejabberd delegates our own requests, too: the answer was our own.
            self = .no(Self.isDelegated)
        case .failure(.timeout) where grants.delegatesCommands && mayCommand:
            // The same in the name of a user, whose answer ejabberd then loses.
            self = .no(Self.isDelegated)
        case .failure(.timeout) where !mayCommand:
            self = .unknown(
                "the server does not answer. ejabberd 24 drops what a component asks where `mod_privilege` is loaded, "
                    + "unless that grants it `iq: {\(Namespaces.commands): {set: …}}` and one of `admins` is a user of the host"
            )
        case .failure(.timeout) where !hasAdmin:
            self = .unknown(
                "the server does not answer. It grants commands in the name of a user: make a user of the host one of `admins`"
            )
        case .failure(let error):
            self.init(failure: error)
        }
    }

    private static let isDelegated =
        "the server delegates the host's commands, this one among them, or does not have it. ejabberd has it where "
        + "`mod_configure` is loaded and `mod_delegation` leaves \(Namespaces.commands) alone"

    /// Whether commands are sent here, from what the server granted, and from any answer of the host's address, which
    /// only a served host gives.
    init(commands grants: HostGrants, asked answer: Result<Element?, RequestError>) {
        if case .failure(.refused(let error)) = answer, Self.meansUnserved(error) {
            self = .no("the server does not serve the host: \(error)")
        } else if grants.delegatesCommands {
            self = .yes
        } else if case .failure(.timeout) = answer {
            self = .unknown("the server does not answer, nor has it said that it delegates commands")
        } else {
            self = .no(HostGrants.noDelegation)
        }
    }

    private static func meansUnserved(_ error: StanzaError) -> Bool {
        switch error.condition {
        case .remoteServerNotFound, .remoteServerTimeout: true
        default: false
        }
    }

    private init(failure: RequestError) {
        switch failure {
        case .refused(let error): self = .no(error.description)
        case .timeout: self = .unknown("the server does not answer")
        case .disconnected: self = .unknown("the connection was lost")
        }
    }
}
