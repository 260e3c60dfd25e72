/// What texts have places for, written `%{name}`.
package enum Placeholder: String, CaseIterable, Hashable, Sendable {
    /// The bare JID of an account.
    case account
    /// The bare JID that a new account will have, or has.
    case address
    /// The name of an app.
    case app
    /// A time of day.
    case clock
    /// The number that a text with forms for numbers is about.
    case count
    /// A date in words, as `time.date` makes it.
    case date
    case day
    /// The inviter: a name or an address.
    case inviter
    /// The name of a month.
    case month
    /// A sentence that says why.
    case reason
    /// What people call the host.
    case site
    /// A point in time.
    case time
    /// A localpart.
    case username
    case year
    /// A time zone.
    case zone
}
