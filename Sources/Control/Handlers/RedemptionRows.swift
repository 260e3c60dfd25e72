internal import Invites
internal import Shell
internal import Storage

/// Redemptions and tasks as rows.
enum RedemptionRows {
    static func row(_ redemption: Redemption, _ host: String) -> JSON {
        var ended: Timestamp?
        var reason: String?
        var (next, questions): (Timestamp?, Int?)
        switch redemption.state {
        case .reserved(_, let time, let count): (next, questions) = (time, count)
        case .confirmed(let time): ended = time
        case .released(let time, let text): (ended, reason) = (time, text)
        }
        return .row([
            "account": redemption.address(on: host).map(JSON.text), "redeemed_for": .text(redemption.kind.rawValue),
            "way": .text(redemption.way.rawValue), "state": .text(redemption.stateName),
            "begun": .time(redemption.reservedAt), "ended": ended.map(JSON.time), "next_question": next.map(JSON.time),
            "questions": questions.map(JSON.count), "reason": reason.map(JSON.text),
        ])
    }

    static func row(_ recorded: RecordedTask) -> JSON {
        let (action, user, other) = recorded.task.action.parts
        let isOpen = recorded.doneAt == nil
        return .row([
            "action": .text(action), "user": .text(user.description), "other": .text(other.description),
            "state": .text(recorded.stateName), "tries": .count(recorded.task.tries),
            "next": isOpen ? .time(recorded.task.next) : nil, "reason": recorded.impossible.map(JSON.text),
        ])
    }
}

extension Redemption {
    var isReleased: Bool { if case .released = state { true } else { false } }

    var stateName: String {
        switch state {
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .released: "released"
        }
    }

    /// The bare JID of the account or contact; `nil` once that is forgotten.
    func address(on host: String) -> String? {
        account.map { kind == .contact ? $0 : Account(localpart: $0, domain: host).description }
    }
}

extension RecordedTask {
    var stateName: String { impossible != nil ? "impossible" : doneAt != nil ? "done" : "open" }
}

extension RedemptionTask.Action {
    var parts: (action: String, user: Account, other: Account) {
        switch self {
        case .contacts(let user, let contact): ("contacts", user, contact)
        case .notify(let inviter, let account): ("notify", inviter, account)
        }
    }
}
