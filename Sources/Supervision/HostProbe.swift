internal import XMPP

/// What a host's server said when it was asked what it lets us do.
package struct HostProbe: Hashable, Sendable {
    package enum Finding: Hashable, Sendable, CustomStringConvertible {
        case yes
        /// And why not.
        case no(String)
        /// And why that is not known.
        case unknown(String)

        /// `yes`, `no: …` or `unknown: …`.
        package var description: String {
            switch self {
            case .yes: "yes"
            case .no(let why): "no: \(why)"
            case .unknown(let why): "unknown: \(why)"
            }
        }
    }

    /// Whether the server would make accounts of the host for us (XEP-0133).
    package var addUser: Finding
    /// Whether the commands of the host come here.
    package var commands: Finding
}

extension HostProbe.Finding {
    /// What an answer to the command add-user means: a form is offered to those who may fill it in.
    ///
    /// - Parameter isDelegated: Whether the server delegates the host's commands to us.
    init(addUser answer: Result<Element?, RequestError>, isDelegated: Bool) {
        switch answer {
        case .success(let payload):
            let notes = payload?.children.filter { $0.name == "note" && $0["type"] == "error" }.map(\.text) ?? []
            if let note = notes.first {
                self = .no(note.isEmpty ? "the server does not say why" : note)
            } else if payload?.child("x", namespace: Namespaces.dataForms) != nil {
                self = .yes
            } else {
                self = .unknown("the server answered without a form")
            }
        case .failure(.refused(let error)) where error.condition == .itemNotFound && isDelegated:
            // ejabberd delegates our own requests, too: it was ourselves who answered.
            self = .no("the server delegates the host's commands, this one among them, or does not have it")
        case .failure(let error):
            self.init(failure: error)
        }
    }

    /// Whether commands come here, from what the server granted, and whether it serves the host at all.
    init(commands grants: HostGrants, listed answer: Result<Element?, RequestError>) {
        if case .failure(.refused(let error)) = answer, Self.meansUnserved(error) {
            self = .no("the server does not serve the host: \(error)")
        } else if grants.delegated.contains(Namespaces.commands) {
            self = .yes
        } else if case .failure(.timeout) = answer {
            self = .unknown("the server does not answer, nor has it said that it delegates commands")
        } else {
            self = .no("the server has not said that it delegates them (XEP-0355)")
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
