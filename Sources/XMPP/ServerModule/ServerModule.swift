/// The protocol between invited and its module inside a server, see `docs/server-module.md`.
package enum ServerModule {
    package static let namespace = "urn:invited:server-module:1"
    /// The version that is spoken here.
    package static let version = 1

    /// Whether two versions work together: they may be one apart.
    package static func isCompatible(_ other: Int) -> Bool { abs(min(max(other, 0), 1000) - version) <= 1 }

    /// What a module can do on its server.
    package enum Feature: String, CaseIterable, Hashable, Sendable {
        /// Tokens are redeemed on streams before login.
        case register
        /// The commands of XEP-0401 are served on the host.
        case commands
        /// It asks about subscription requests with a token.
        case subscribe
        /// It says whether accounts exist, makes them, and sets passwords.
        case accounts
        /// It makes users contacts of others.
        case contacts
        /// It sends users messages.
        case notices
        /// Names that invites hold are refused to plain registration.
        case `guard`
    }

    /// What invited says of plain registration.
    package enum Registration: String, CaseIterable, Hashable, Sendable {
        /// Only with a token.
        case invite
        case open
        /// As the module's own configuration says.
        case server
    }

    /// The rules of a server that pages have to know.
    package struct Rules: Hashable, Sendable {
        package enum Registration: String, CaseIterable, Hashable, Sendable {
            case open
            /// With a token only.
            case invite
            case closed
        }

        package var registration: Registration
        /// Whether a stream has to be encrypted before it may register.
        package var requiresEncryption: Bool
        /// The shortest password, in characters, where there is such a rule.
        package var passwordLength: Int?

        package init(registration: Registration, requiresEncryption: Bool, passwordLength: Int? = nil) {
            self.registration = registration
            self.requiresEncryption = requiresEncryption
            self.passwordLength = passwordLength
        }
    }

    /// What a module says when it begins, or changes.
    package struct Hello: Hashable, Sendable {
        package var version: Int
        /// The module, such as `mod_invited 1.0`.
        package var module: String
        /// The server that it runs in, such as `Prosody 0.12.3`.
        package var server: String
        package var features: Set<Feature>
        package var rules: Rules?
        /// What a feature does not reach on this server, in words for operators.
        package var limits: [String]

        package init(
            version: Int = ServerModule.version, module: String, server: String, features: Set<Feature> = [],
            rules: Rules? = nil, limits: [String] = []
        ) {
            self.version = version
            self.module = module
            self.server = server
            self.features = features
            self.rules = rules
            self.limits = limits
        }

        /// The most limits that are stored.
        static let mostLimits = 8
    }

    /// The settings that a module stores for the time when invited is away.
    package struct Settings: Hashable, Sendable {
        package var registration: Registration
        /// Names that invites hold.
        package var held: [String]

        package init(registration: Registration, held: [String] = []) {
            self.registration = registration
            self.held = held
        }

        /// The most names in it.
        package static let mostHeld = 500
    }
}

extension ServerModule {
    // In bytes. Tokens of other software are no error, but none of ours.
    static let longestToken = 64
    static let longestText = 256
    /// The longest that SASLprep allows (RFC 6120 §6.3.1).
    package static let longestPassword = 1023

    /// Whether a text has only characters that a password can have. ejabberd checks them with the profile of resources.
    package static func takesPassword(_ text: String) -> Bool {
        (try? JID(localpart: String?.none, domain: "invalid", resource: text)) != nil
    }
}
