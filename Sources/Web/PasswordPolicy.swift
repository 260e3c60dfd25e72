internal import Pages
internal import XMPP

/// The requirements of a password before a server sees it: length, and that it is not among those that attackers try
/// first. No rules about its characters.
struct PasswordPolicy: Hashable, Sendable {
    /// In characters.
    let shortest: Int

    static let standardLength = 8

    /// - Parameter serverLength: The shortest one that the host's server takes.
    init(serverLength: Int?) {
        shortest = max(serverLength ?? 0, Self.standardLength)
    }

    /// What is wrong with a password, if anything.
    ///
    /// - Parameters:
    ///   - username: The localpart of the account.
    ///   - host: Its domain.
    func mistake(in password: String, of username: String, on host: String) -> FormMistake? {
        if password.isEmpty { return .passwordMissing }
        if password.utf8.count > ServerModule.longestPassword { return .passwordTooLong(ServerModule.longestPassword) }
        guard ServerModule.takesPassword(password) else { return .passwordInvalid }
        let lowercased = password.lowercased()
        if [username, "\(username)@\(host)"].contains(where: { lowercased == $0.lowercased() }) {
            return .passwordIsUsername
        }
        if password.unicodeScalars.count < shortest { return .passwordTooShort(shortest) }
        return CommonPasswords.contains(lowercased) ? .passwordCommon : nil
    }
}
