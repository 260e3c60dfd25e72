/// What a host's server is asked through to do something for its accounts.
package enum AccountsChoice: String, CaseIterable, Hashable, Sendable {
    /// The server module where there is one, and the commands otherwise.
    case auto
    /// The server module.
    case module
    /// The commands of XEP-0133.
    case commands = "xep-0133"
    /// Nothing.
    case none
}
