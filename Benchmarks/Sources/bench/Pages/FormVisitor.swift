import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// A visitor who makes an account with a form: opens it, and posts it, on a connection of its own.
struct FormVisitor: Sendable {
    /// Whose pages they are.
    enum Pages: Sendable {
        /// Those of invited.
        case invited
        /// Those of `mod_invites_register_web`.
        case prosody
    }

    let pages: Pages
    let host: String
    let token: String
    let username: String
    /// The client's address, as a proxy passes it on: another for each visitor, since the limits are by address.
    let address: String

    static let password = "correct horse 42"

    /// - Parameter number: Of each visitor another one.
    init(_ pages: Pages, host: String, token: String, username: String, number: Int) {
        (self.pages, self.host, self.token, self.username) = (pages, host, token, username)
        address = "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }

    private var path: String {
        switch pages {
        case .invited: "/\(host)/\(token)/register"
        case .prosody: "/register?t=\(token)"
        }
    }

    private var authority: String { pages == .invited ? DaemonDirectory.authority : host }

    private var fields: [(name: String, value: String)] {
        Browser.all[0].fields(to: authority) + [("X-Forwarded-For", address)]
    }

    /// - Throws: When the page does not say that the account was made.
    func register(at port: Int, on loop: any EventLoop) async throws {
        let connection = try await HTTPExchange.connect(to: port, on: loop)
        try await finally(connection.close) {
            let form = try await connection.ask(HTTPExchange.Request(path: path, fields: fields))
            guard form.status == 200 else { throw BenchError("\(form.status) instead of a form: \(form.text)") }
            let answer = try await connection.ask(
                HTTPExchange.Request(
                    method: .POST, path: path,
                    fields: fields + [
                        ("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin"),
                        ("Origin", "http://\(authority)"),
                    ], body: try body(form.text)))
            let text = answer.text
            guard answer.status == 200, isDone(text) else {
                throw BenchError("\(answer.status) instead of an account: \(text)")
            }
        }
    }

    private func isDone(_ text: String) -> Bool {
        switch pages {
        // A form that is shown again has an address, too.
        case .invited: text.contains("\(username)@\(host)") && !text.contains("name=\"seal\"")
        case .prosody: text.contains("Congratulations")
        }
    }

    private func body(_ form: String) throws -> String {
        switch pages {
        case .invited:
            guard let match = form.firstMatch(of: /name="seal" value="([^"]+)"/) else {
                throw BenchError("there is no seal in the form: \(form)")
            }
            return Self.encoded([
                ("seal", String(match.1)), ("username", username), ("password", Self.password),
            ])
        case .prosody:
            return Self.encoded([("user", username), ("password", Self.password), ("token", token)])
        }
    }

    private static func encoded(_ fields: [(String, String)]) -> String {
        let safe = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._"))
        return fields.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: safe) ?? "")"
        }.joined(separator: "&")
    }
}
