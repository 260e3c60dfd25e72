package import Invites

/// The paths of pages, for links between them and for the web server.
extension Site {
    /// The landing page of an invite: `/example.com/TOKEN`.
    package func path(of token: Token) -> String { path + token.text }

    /// The form that makes an account, which is posted there, too.
    package func registrationPath(of token: Token) -> String { "\(path)\(token.text)/\(PageName.register)" }

    /// The form that sets another password, which is posted there, too.
    package func resetPath(of token: Token) -> String { "\(path)\(token.text)/\(PageName.reset)" }

    /// The page of one app.
    package func appPath(_ id: String, of token: Token) -> String { "\(path)\(token.text)/\(PageName.apps)/\(id)" }

    /// The QR code of an invite, which pages show.
    package func qrCodePath(of token: Token) -> String { "\(path)\(token.text)/\(PageName.qrCode)" }

    /// A file of ``PageRendering/staticFile(_:)``.
    package func staticPath(_ name: String) -> String { "\(root)-/static/\(name)" }
}

/// The names after a token in paths.
package enum PageName {
    package static let register = "register"
    package static let reset = "reset"
    /// Behind ``register``: what can be said of a name.
    package static let username = "username"
    package static let apps = "apps"
    package static let qrCode = "qr.svg"
    /// The query's parameter that chooses the language: `?lang=de`.
    package static let language = "lang"
}

/// The names of the forms' fields.
package enum FormField {
    package static let username = "username"
    package static let password = "password"
    package static let seal = "seal"
}
