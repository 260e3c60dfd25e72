import Foundation

/// The files of Prosody's internal storage, written before it starts.
struct ProsodyData {
    /// Prosody's `data_path`.
    let directory: URL
    let host: String

    func writeAccounts() throws {
        for user in ClientFleet.users { try writeAccount(user) }
    }

    func writeAccount(_ user: String) throws {
        try write("return { [\"password\"] = \"\(ClientFleet.password)\"; };\n", to: "accounts/\(user).dat")
    }

    /// Writes as many invites as if the clients had taken turns to make them, in the form that `mod_invites` stores:
    /// each once in the host's file of tokens that allow a registration, and once in its maker's.
    func writeInvites(_ count: Int) throws {
        guard count > 0 else { return }
        let (created, expires) = Self.validity
        var byUser: [String: String] = [:]
        var byHost = "return {\n"
        for number in 0..<count {
            let user = ClientFleet.users[number % ClientFleet.users.count]
            let token = "seed" + String(format: "%012d", number)
            byHost += """
                \t["\(token)"] = {
                \t\t["jid"] = "\(user)@\(host)";
                \t\t["type"] = "roster";
                \t\t["token"] = "\(token)";
                \t\t["uri"] = "xmpp:\(user)@\(host)?roster;preauth=\(token);ibr=y";
                \t\t["allow_registration"] = true;
                \t\t["additional_data"] = {
                \t\t\t["source"] = "\(user)@\(host)/bench";
                \t\t};
                \t\t["created_at"] = \(created);
                \t\t["expires"] = \(expires);
                \t};

                """
            byUser[user, default: ""] += "\t[\"\(token)\"] = \(expires);\n"
        }
        try write(byHost + "};\n", to: "invite_token.dat")
        for (user, tokens) in byUser {
            try write("return {\n\(tokens)};\n", to: "invite_token/\(user).dat")
        }
    }

    /// An invite for one account, which may get a user of the host as a contact.
    struct Invite: Sendable {
        var token: String
        var inviter: String?

        fileprivate func fields(on host: String) -> (type: String, jid: String, uri: String) {
            guard let inviter else { return ("register", host, "xmpp:\(host)?register;preauth=\(token)") }
            let jid = "\(inviter)@\(host)"
            return ("roster", jid, "xmpp:\(jid)?roster;preauth=\(token);ibr=y")
        }
    }

    /// Writes invites to register, as `mod_invites` stores them on internal storage.
    func writeAccountInvites(_ invites: [Invite]) throws {
        let (created, expires) = Self.validity
        let invites = invites.map { invite in
            let (type, jid, uri) = invite.fields(on: host)
            return """
                \t["\(invite.token)"] = {
                \t\t["jid"] = "\(jid)";
                \t\t["type"] = "\(type)";
                \t\t["token"] = "\(invite.token)";
                \t\t["uri"] = "\(uri)";
                \t\t["allow_registration"] = true;
                \t\t["created_at"] = \(created);
                \t\t["expires"] = \(expires);
                \t};

                """
        }
        try write("return {\n\(invites.joined())};\n", to: "invite_token.dat")
    }

    /// The same on SQL storage, in a database of SQLite's. Prosody makes the index itself.
    func writeAccountInvites(_ invites: [Invite], database url: URL) throws {
        let (created, expires) = Self.validity
        let database = try SQLiteDatabase(url)
        try database.execute(
            """
            CREATE TABLE "prosody" ("host" TEXT NOT NULL, "user" TEXT NOT NULL, "store" TEXT NOT NULL, "key" TEXT NOT NULL,
              "type" TEXT NOT NULL, "value" MEDIUMTEXT NOT NULL);
            BEGIN
            """)
        let insert = try database.prepare(#"INSERT INTO "prosody" VALUES (?, '', 'invite_token', ?, 'json', ?)"#)
        for invite in invites {
            let (type, jid, uri) = invite.fields(on: host)
            let value = """
                {"jid":"\(jid)","type":"\(type)","token":"\(invite.token)","uri":"\(uri)",\
                "allow_registration":true,"created_at":\(created),"expires":\(expires)}
                """
            try insert.run([.text(host), .text(invite.token), .text(value)])
        }
        try database.execute("COMMIT")
    }

    /// When invites were made, and until when they are good, in seconds since 1970.
    private static var validity: (created: Int, expires: Int) {
        let now = Int(Date.now.timeIntervalSince1970)
        return (now, now + 7 * 86_400)
    }

    private func write(_ text: String, to path: String) throws {
        // Prosody escapes all but letters and digits in a host's name: `util.datamanager`.
        let url = directory.appending(path: host.replacing(".", with: "%2e")).appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: false, encoding: .utf8)
    }
}
