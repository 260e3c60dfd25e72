internal import Foundation
package import Invites
internal import Languages

/// The answer about a name to the registration form, while the name is typed.
package enum UsernameAnswer: Hashable, Sendable {
    /// It gives this address, which is free.
    case free(Account)
    /// There is such an account, or the name is held.
    case taken
    /// It is no name.
    case invalid
    /// It gives this address; whether it is taken is not said.
    case possible(Account)

    /// As the form's script and its style sheet know it.
    var state: String {
        switch self {
        case .free: "free"
        case .taken: "taken"
        case .invalid: "invalid"
        case .possible: "possible"
        }
    }

    /// The answer for people.
    func text(in texts: Texts) -> String {
        switch self {
        case .free(let account): texts.text(.formUsernameFree, [.address: Self.isolated(account)])
        case .taken: texts[.formUsernameTaken]
        case .invalid: texts[.formUsernameInvalid]
        case .possible(let account): texts.text(.formAddress, [.address: Self.isolated(account)])
        }
    }

    /// Without an effect on the direction of what is around it: U+2068 FIRST STRONG ISOLATE, U+2069 POP DIRECTIONAL ISOLATE.
    private static func isolated(_ account: Account) -> String { "\u{2068}\(account)\u{2069}" }

    /// A JSON object with the members `state` and `text`.
    func json(in texts: Texts) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Two strings are encoded, whatever is in them.
        let data = try? encoder.encode(["state": state, "text": text(in: texts)])
        return data.map { Array($0) } ?? []
    }
}
