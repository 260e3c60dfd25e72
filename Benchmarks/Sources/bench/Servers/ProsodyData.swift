import Foundation

/// The files of Prosody's internal storage, written before it starts.
struct ProsodyData {
    /// Prosody's `data_path`.
    let directory: URL
    let host: String

    func writeAccounts() throws {
        for user in ClientFleet.users {
            try write("return { [\"password\"] = \"\(ClientFleet.password)\"; };\n", to: "accounts/\(user).dat")
        }
    }

    /// Writes as many invites as if the clients had taken turns to make them, in the form that `mod_invites` stores:
    /// each once in the host's file of tokens that allow a registration, and once in its maker's.
    func writeInvites(_ count: Int) throws {
        guard count > 0 else { return }
        let created = Int(Date.now.timeIntervalSince1970)
        let expires = created + 7 * 86_400
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

    private func write(_ text: String, to path: String) throws {
        // Prosody escapes all but letters and digits in a host's name: `util.datamanager`.
        let url = directory.appending(path: host.replacing(".", with: "%2e")).appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: false, encoding: .utf8)
    }
}
