internal import Invites

/// What people read, in their language: names of commands, labels of forms, reasons of refusals.
struct Wording: Sendable {
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

    /// The wording for an `xml:lang`, by its first subtag; English for what is not there.
    static func `for`(_ tag: String?) -> Wording {
        guard let primary = tag?.split(separator: "-").first else { return english }
        return all.first { $0.language == primary.lowercased() } ?? english
    }

    func text(for denial: InviteDenial) -> String {
        switch denial {
        case .notAdmin, .contactInvitesOff: onlyAdmins
        case .notUserOfHost: onlyUsersOfHost
        case .suspended: suspended
        }
    }

    static let all = [english, german]

    static let english = Wording(
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
        expires: "Valid until",
        onlyAdmins: "Only administrators may do this here.",
        onlyUsersOfHost: "Only users of this domain may do this.",
        usernameInvalid: "This cannot be a username.",
        usernameTaken: "This username is already promised by another invitation.",
        subscriptionInvalid: "Adding each other as contacts is either true or false.",
        hostInvalid: "Choose one of the domains.",
        busy: "Too much is going on right now. Please try again.",
        unavailable: "Invitations of this domain do not work right now. Please try again later.",
        suspended: "Invitations are suspended on this host.")

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
        expires: "Gültig bis",
        onlyAdmins: "Das dürfen hier nur Administratoren.",
        onlyUsersOfHost: "Das dürfen nur Benutzer dieser Domain.",
        usernameInvalid: "Das kann kein Benutzername sein.",
        usernameTaken: "Dieser Benutzername ist schon mit einer anderen Einladung vergeben.",
        subscriptionInvalid: "Gegenseitig hinzufügen ist entweder true oder false.",
        hostInvalid: "Bitte eine der Domains wählen.",
        busy: "Gerade ist zu viel los. Bitte noch einmal versuchen.",
        unavailable: "Einladungen dieser Domain gehen gerade nicht. Bitte später noch einmal versuchen.",
        suspended: "Einladungen dieser Domain sind ausgesetzt.")
}
