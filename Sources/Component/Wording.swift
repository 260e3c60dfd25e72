package import Invites
internal import XMPP

/// What people read, in their language: names of commands, labels of forms, reasons of refusals.
package struct Wording: Sendable {
    /// The language, as `xml:lang` tells it.
    let language: String
    let inviteCommand: String
    let createAccountCommand: String
    let service: String
    let createAccountInstructions: String
    let username: String
    let rosterSubscription: String
    let chooseHost: String
    let host: String
    let invitationURI: String
    let landingPage: String
    let expires: String
    let onlyAdmins: String
    let onlyUsersOfHost: String
    let usernameInvalid: String
    let usernameTaken: String
    let subscriptionInvalid: String
    let hostInvalid: String
    let busy: String
    let unavailable: String
    let suspended: String
    let noAccounts: String
    let accountExists: String
    /// With `{limit}`, and what ``next`` says.
    let tooManyOpen: String
    let tooManyDaily: String
    let tooManyStored: String
    /// With `{time}`, when the next invite can be made.
    let next: String
    let never: String

    /// The wording for an `xml:lang`, by its first subtag; English for what is not there.
    static func `for`(_ tag: String?) -> Wording {
        guard let primary = tag?.split(separator: "-").first else { return english }
        return all.first { $0.language == primary.lowercased() } ?? english
    }

    func text(for denial: InviteDenial) -> String {
        switch denial {
        case .notAdmin, .contactInvitesOff: onlyAdmins
        case .notUserOfHost: onlyUsersOfHost
        case .noAccounts: noAccounts
        case .suspended: suspended
        }
    }

    /// Why there are too many invites, and when the next one can be made.
    package func text(for conflict: InviteConflict) -> String {
        let (reason, limit, time): (String, Int, Timestamp?)
        switch conflict {
        case .usernameTaken: return usernameTaken
        case .tokenTaken: return unavailable
        case .tooManyStored: return tooManyStored
        case .tooManyOpen(let number, let next): (reason, limit, time) = (tooManyOpen, number, next)
        case .tooManyDaily(let number, let next): (reason, limit, time) = (tooManyDaily, number, next)
        }
        let text = reason.replacing("{limit}", with: "\(limit)")
        guard let time else { return "\(text) \(never)" }
        let date = DateTime.format(millisecondsSinceEpoch: time.millisecondsSinceEpoch)
        return "\(text) \(next.replacing("{time}", with: date))"
    }

    static let all = [english, german]

    package static let english = Wording(
        language: "en",
        inviteCommand: "Invite user",
        createAccountCommand: "Create account",
        service: "Invitations",
        createAccountInstructions: "Make a link with which one person can create an account.",
        username: "Username (leave empty to let the person choose)",
        rosterSubscription: "Add each other as contacts",
        chooseHost: "On which domain shall the account be?",
        host: "Domain",
        invitationURI: "Invitation link",
        landingPage: "Web page",
        expires: "Valid until",
        onlyAdmins: "Only administrators may do this here.",
        onlyUsersOfHost: "Only users of this domain may do this.",
        usernameInvalid: "This cannot be a username.",
        usernameTaken: "This username is already promised by another invitation.",
        subscriptionInvalid: "Adding each other as contacts is either true or false.",
        hostInvalid: "Choose one of the domains.",
        busy: "Too much is going on right now. Please try again.",
        unavailable: "Invitations of this domain do not work right now. Please try again later.",
        suspended: "Invitations are suspended on this host.",
        noAccounts: "No accounts are made on this domain at present.",
        accountExists: "There is an account with this username already.",
        tooManyOpen: "You have {limit} open invitations, which is as many as you may have.",
        tooManyDaily: "You have made {limit} invitations within 24 hours, which is as many as you may make.",
        tooManyStored: "This domain has as many invitations as it may have. Please ask its operators.",
        next: "The next one is possible at {time}.", never: "None can be made.")

    static let german = Wording(
        language: "de",
        inviteCommand: "Kontakt einladen",
        createAccountCommand: "Konto anlegen",
        service: "Einladungen",
        createAccountInstructions: "Erzeugt einen Link, mit dem eine Person ein Konto anlegen kann.",
        username: "Benutzername (leer: die Person wählt selbst)",
        rosterSubscription: "Gegenseitig als Kontakt hinzufügen",
        chooseHost: "Auf welcher Domain soll das Konto sein?",
        host: "Domain",
        invitationURI: "Einladungslink",
        landingPage: "Webseite",
        expires: "Gültig bis",
        onlyAdmins: "Das dürfen hier nur Administratoren.",
        onlyUsersOfHost: "Das dürfen nur Benutzer dieser Domain.",
        usernameInvalid: "Das kann kein Benutzername sein.",
        usernameTaken: "Dieser Benutzername ist schon mit einer anderen Einladung vergeben.",
        subscriptionInvalid: "Gegenseitig hinzufügen ist entweder true oder false.",
        hostInvalid: "Bitte eine der Domains wählen.",
        busy: "Gerade ist zu viel los. Bitte noch einmal versuchen.",
        unavailable: "Einladungen dieser Domain gehen gerade nicht. Bitte später noch einmal versuchen.",
        suspended: "Einladungen dieser Domain sind ausgesetzt.",
        noAccounts: "Auf dieser Domain werden zurzeit keine Konten angelegt.",
        accountExists: "Ein Konto mit diesem Benutzernamen gibt es schon.",
        tooManyOpen: "Du hast {limit} offene Einladungen; mehr dürfen es nicht sein.",
        tooManyDaily: "Du hast in 24 Stunden {limit} Einladungen gemacht; mehr dürfen es nicht sein.",
        tooManyStored: "Diese Domain hat so viele Einladungen, wie sie haben darf. Bitte die Betreiber fragen.",
        next: "Die nächste geht ab {time}.", never: "Es kann keine gemacht werden.")
}
