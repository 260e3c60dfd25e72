internal import Invites

/// All that decides which words and elements a page has: pages of one shape differ in values only.
struct PageShape: Hashable {
    var template: PageTemplate
    /// The position of the language.
    var language: Int
    var platform: Platform
    var kind: InviteKind?
    /// The position of the app that the page is about.
    var app: Int?
    var choice: AppChoice
    var flags: Flags = []
    var mistake: Mistake?
    var problem: Problem?

    /// Which parts the page has.
    struct Flags: OptionSet, Hashable {
        let rawValue: UInt32

        static let logo = Flags(rawValue: 1 << 0)
        static let webchat = Flags(rawValue: 1 << 1)
        static let imprint = Flags(rawValue: 1 << 2)
        static let terms = Flags(rawValue: 1 << 3)
        static let privacy = Flags(rawValue: 1 << 4)
        static let inviter = Flags(rawValue: 1 << 5)
        static let username = Flags(rawValue: 1 << 6)
        static let registers = Flags(rawValue: 1 << 7)
        static let setsContacts = Flags(rawValue: 1 << 8)
        static let address = Flags(rawValue: 1 << 9)
        static let hasContact = Flags(rawValue: 1 << 10)
        static let contactURI = Flags(rawValue: 1 << 11)
        static let serverMessage = Flags(rawValue: 1 << 12)
        static let chosenLanguage = Flags(rawValue: 1 << 13)
        static let endedSessions = Flags(rawValue: 1 << 14)
    }

    /// ``FormMistake`` without its values.
    enum Mistake: CaseIterable, Hashable {
        case usernameMissing, usernameInvalid, usernameTaken
        case passwordMissing, passwordTooShort, passwordTooLong, passwordIsUsername, passwordCommon, passwordInvalid
        case refusedByServer, tryAgain, outcomeUnknown, stale

        /// The field that it is about.
        var field: Field? {
            switch self {
            case .usernameMissing, .usernameInvalid, .usernameTaken: .username
            case .refusedByServer, .tryAgain, .outcomeUnknown, .stale: nil
            default: .password
            }
        }

        enum Field { case username, password }
    }

    /// ``PageProblem`` without its values.
    enum Problem: CaseIterable, Hashable {
        case unknown, expired, used, revoked, inUse, suspended, unavailable, tooMany, refused
        /// Refused, and not for anything that the visitor did.
        case failure
    }
}

extension PageShape.Mistake {
    init(_ mistake: FormMistake) {
        self =
            switch mistake {
            case .usernameMissing: .usernameMissing
            case .usernameInvalid: .usernameInvalid
            case .usernameTaken: .usernameTaken
            case .passwordMissing: .passwordMissing
            case .passwordTooShort: .passwordTooShort
            case .passwordTooLong: .passwordTooLong
            case .passwordIsUsername: .passwordIsUsername
            case .passwordCommon: .passwordCommon
            case .passwordInvalid: .passwordInvalid
            case .refusedByServer: .refusedByServer
            case .tryAgain: .tryAgain
            case .outcomeUnknown: .outcomeUnknown
            case .stale: .stale
            }
    }
}

extension PageShape.Problem {
    init(_ problem: PageProblem) {
        self =
            switch problem {
            case .unknown: .unknown
            case .expired: .expired
            case .used: .used
            case .revoked: .revoked
            case .inUse: .inUse
            case .suspended: .suspended
            case .unavailable: .unavailable
            case .tooMany: .tooMany
            case .refused: .refused
            }
    }
}
