/// A command with which an admin has a server do something for an account (XEP-0133), and its form.
package enum AdminCommand: Hashable, Sendable {
    case addUser(JID, password: String)
    case changePassword(of: JID, to: String)
    case endSessions(of: JID)
    case statistics(of: JID)
    case lastLogin(of: JID)

    package var node: String {
        switch self {
        case .addUser: Namespaces.addUserCommand
        case .changePassword: "http://jabber.org/protocol/admin#change-user-password"
        case .endSessions: "http://jabber.org/protocol/admin#end-user-session"
        case .statistics: "http://jabber.org/protocol/admin#user-stats"
        case .lastLogin: "http://jabber.org/protocol/admin#get-user-lastlogin"
        }
    }

    /// The form, filled in.
    package var form: DataForm {
        func field(_ name: String, _ value: String) -> DataForm.Field { DataForm.Field(name, values: [value]) }
        let fields: [DataForm.Field] =
            switch self {
            case .addUser(let jid, let password):
                [
                    field("accountjid", jid.description), field("password", password),
                    field("password-verify", password),
                ]
            case .changePassword(let jid, let password):
                [field("accountjid", jid.description), field("password", password)]
            // Of several accounts on Prosody (§4.4), of one on ejabberd.
            case .endSessions(let jid): [field("accountjids", jid.description), field("accountjid", jid.description)]
            case .statistics(let jid), .lastLogin(let jid): [field("accountjid", jid.description)]
            }
        return DataForm(.submit, fields: [.formType(Namespaces.adminForm)] + fields)
    }
}
