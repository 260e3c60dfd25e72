/// One attempt to redeem an invite, as it is stored.
package struct Redemption: Hashable, Sendable {
    /// What is redeemed.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// An account is made.
        case register
        /// The inviter becomes a contact of an invitee who has an account (XEP-0379).
        case contact
        /// An account gets another password.
        case reset
    }

    /// The interface over which the attempt was made.
    package enum Way: String, CaseIterable, Hashable, Sendable {
        /// A stream to the host's server (XEP-0445, XEP-0379).
        case stream
        /// A form of a web page.
        case form
        /// The HTTP API.
        case api
    }

    /// How far it is.
    package enum State: Hashable, Sendable {
        /// It holds a use, and for ``Kind/register`` a name, until it is confirmed or released. After `deadline` the
        /// server is asked whether the account exists: at `nextQuestion`, after `questions` that had no answer.
        case reserved(deadline: Timestamp, nextQuestion: Timestamp, questions: Int)
        /// The account exists, or the request was granted.
        case confirmed(Timestamp)
        /// It holds nothing any more, for this reason.
        case released(Timestamp, reason: String)
    }

    /// Counts up on each host from 1.
    package let number: Int64
    /// The number of the invite, which may have been removed since.
    package let invite: Int64
    /// The attempt's name, which is unique on its host.
    package let attempt: String
    package let kind: Kind
    package let way: Way
    /// The localpart of the account for ``Kind/register`` and ``Kind/reset``, the bare JID of the requester for
    /// ``Kind/contact``; `nil` once the account was deleted.
    package var account: String?
    /// Who made the invite, or for whom an operator did; stored here since it outlives the invite.
    package var inviter: Account?
    package let reservedAt: Timestamp
    package var state: State

    package init(
        number: Int64, invite: Int64, attempt: String, kind: Kind, way: Way, account: String?, inviter: Account?,
        reservedAt: Timestamp, state: State
    ) {
        self.number = number
        self.invite = invite
        self.attempt = attempt
        self.kind = kind
        self.way = way
        self.account = account
        self.inviter = inviter
        self.reservedAt = reservedAt
        self.state = state
    }
}

// MARK: - Its life

/// The server's answer about the account of a redemption whose deadline has passed.
package enum AccountAnswer: Hashable, Sendable {
    /// The server has the account.
    case present
    /// The server does not have it.
    case absent
    /// The server could not be asked, or did not say.
    case unknown
}

extension Redemption {
    /// The wait after a question without an answer: 5 seconds, doubled with each, 10 minutes at most.
    package static func wait(afterQuestions questions: Int) -> Int64 {
        let longest: Int64 = 600_000
        return questions > 6 ? longest : min(5_000 << Int64(max(questions, 0)), longest)
    }

    /// When the server is to be asked for the account; `nil` where nothing is open.
    package var nextQuestion: Timestamp? {
        if case .reserved(_, let next, _) = state { next } else { nil }
    }

    /// Whether it holds a use.
    package var isReserved: Bool { nextQuestion != nil }

    /// Whether what was requested exists.
    package var isConfirmed: Bool { if case .confirmed = state { true } else { false } }

    /// The state after the server was asked for the account, once the deadline has passed.
    ///
    /// It is no guess: an account that exists was made by this attempt, since the name was free when it was reserved
    /// and could not be given to another attempt since.
    package func state(after answer: AccountAnswer, at now: Timestamp) -> State {
        guard case .reserved(let deadline, _, let questions) = state else { return state }
        switch answer {
        case .present: return .confirmed(now)
        case .absent: return .released(now, reason: "no account was made")
        case .unknown:
            let (next, overflow) = now.millisecondsSinceEpoch.addingReportingOverflow(
                Self.wait(afterQuestions: questions))
            return .reserved(
                deadline: deadline, nextQuestion: Timestamp(millisecondsSinceEpoch: overflow ? .max : next),
                questions: questions + 1)
        }
    }
}
