import Invites
import Text
import XMPP
import YAML

/// The values that settings take. Each function reports what is wrong with a value and then returns `nil`.
///
/// None of them prints a value before it is known not to be a secret.
extension YAMLNode {
    /// A text that is not empty and holds no control characters.
    ///
    /// A plain scalar that YAML reads as a number or a boolean is refused, since `1.10` or `true` might not have been
    /// meant literally.
    ///
    /// - Parameter wanted: What the key wants, such as "a path".
    func text(_ key: String, wants wanted: String, report: inout DiagnosticReport) -> Setting<String>? {
        guard let scalar = scalar(key, wants: wanted, report: &report) else { return nil }
        switch scalar.kind {
        case .number, .boolean:
            report.add(mark, "`\(key)` wants \(wanted), but this is \(kind.rawValue); in quotes it is a text")
            return nil
        default: break
        }
        guard !scalar.text.isEmpty else {
            report.add(mark, "`\(key)` wants \(wanted), but this is empty")
            return nil
        }
        guard scalar.text.isPrintable else {
            report.add(mark, "`\(key)` holds a line break or another control character")
            return nil
        }
        return Setting(value: scalar.text, mark: mark)
    }

    /// `true` or `false`, as YAML 1.2 writes them.
    func flag(_ key: String, report: inout DiagnosticReport) -> Setting<Bool>? {
        guard let scalar = scalar(key, wants: "true or false", report: &report) else { return nil }
        switch scalar.text {
        case "true" where scalar.isPlain: return Setting(value: true, mark: mark)
        case "false" where scalar.isPlain: return Setting(value: false, mark: mark)
        case "true", "false":
            report.add(mark, "`\(key)` wants true or false without quotes")
        default:
            let likely: String? =
                switch scalar.text.lowercased() {
                case "yes", "y", "on", "true", "1": "true"
                case "no", "n", "off", "false", "0": "false"
                default: nil
                }
            let meant = likely.map { ": write \($0) instead of \(scalar.text.quoted)" }
            report.add(mark, "`\(key)` wants true or false\(meant ?? ", not \(scalar.text.quoted)")")
        }
        return nil
    }

    /// A length of time.
    func lifetime(_ key: String, report: inout DiagnosticReport) -> Setting<Lifetime>? {
        guard let scalar = scalar(key, wants: "a length of time such as 7d", report: &report) else { return nil }
        do {
            return Setting(value: try Lifetime(scalar.text), mark: mark)
        } catch {
            report.add(mark, "`\(key)` \(scalar.text.quoted): \(error)")
            return nil
        }
    }

    /// More than any sensible limit, and small enough for arithmetic without overflow.
    private static let largestLimit = 1_000_000_000

    /// A whole number that is not negative, or `unlimited`.
    func limit(_ key: String, report: inout DiagnosticReport) -> Setting<Limit>? {
        let wanted = "a whole number or unlimited"
        guard let scalar = scalar(key, wants: wanted, report: &report) else { return nil }
        if scalar.text == "unlimited" { return Setting(value: .unlimited, mark: mark) }
        // In digits alone: to some readers of YAML, `010` is 8 and `1_000` is 1000.
        let isNumber = scalar.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let isCanonical = scalar.text.utf8.first != UInt8(ascii: "0") || scalar.text == "0"
        if isNumber, !scalar.text.isEmpty, isCanonical, scalar.isPlain {
            if let count = Int(scalar.text), count <= Self.largestLimit {
                return Setting(value: .atMost(count), mark: mark)
            }
            report.add(mark, "`\(key)` \(scalar.text.quoted) is more than \(Self.largestLimit); write unlimited")
            return nil
        }
        let hint: String
        switch scalar.text.lowercased() {
        case _ where isNumber && !scalar.isPlain: hint = " without quotes"
        case "unlimited", "infinity", "infinite", ".inf", "inf":
            hint = ": write unlimited instead of \(scalar.text.quoted)"
        case "none", "never", "no", "off", "false", "-1":
            hint = ": write 0 for none, or unlimited, instead of \(scalar.text.quoted)"
        default: hint = ", in digits alone, not \(scalar.text.quoted)"
        }
        report.add(mark, "`\(key)` wants \(wanted)\(hint)")
        return nil
    }

    /// The URL of a page for invites.
    func landingPage(_ key: String, report: inout DiagnosticReport) -> Setting<LandingPage>? {
        let wanted = "a URL such as https://invite.example/#{uri_without_scheme}"
        guard let text = text(key, wants: wanted, report: &report) else { return nil }
        do {
            return Setting(value: try LandingPage(text.value), mark: mark)
        } catch {
            var reason = "\(error)"
            if case .unknownPlaceholder(let name) = error {
                let known = LandingPage.Placeholder.allCases.map(\.rawValue)
                if let meant = Suggestion.closest(to: name, among: known) { reason += "; did you mean {\(meant)}?" }
            }
            report.add(mark, "`\(key)` \(text.value.quoted): \(reason.escapingControls)")
        }
        return nil
    }

    /// The address of a domain, prepared.
    func domain(_ key: String, report: inout DiagnosticReport) -> Setting<JID>? {
        guard let text = text(key, wants: "a domain such as example.com", report: &report) else { return nil }
        do {
            let jid = try JID(text.value)
            if jid.isDomain { return Setting(value: jid, mark: mark) }
            report.add(
                mark, "`\(key)` wants a domain alone: \(jid.domain.quoted) instead of \(text.value.quoted)")
        } catch {
            report.add(mark, "`\(key)` \(text.value.quoted) is not a domain: \(error)")
        }
        return nil
    }

    /// Each is looked up and written wherever the host's configuration is; a provider's staff are far fewer.
    private static let mostAddresses = 1000

    /// A list of bare JIDs with localparts.
    ///
    /// - Parameter host: The host whose users are likely meant, for hints.
    func bareJIDs(_ key: String, of host: String?, report: inout DiagnosticReport) -> Setting<Set<JID>>? {
        let wanted = "a list of bare JIDs such as [admin@example.com]"
        guard case .sequence(let items) = content else {
            switch kind {
            case .refused: break
            case .null: report.add(mark, "`\(key)` wants \(wanted), but this is empty; write [] for none")
            default: report.add(mark, "`\(key)` wants \(wanted), but this is \(kind.rawValue)")
            }
            return nil
        }
        guard items.count <= Self.mostAddresses else {
            report.add(mark, "`\(key)` has more than \(Self.mostAddresses) addresses")
            return nil
        }
        var jids: Set<JID> = []
        var isGood = true
        for item in items {
            if let jid = item.bareJID(in: key, of: host, report: &report) {
                jids.insert(jid)
            } else {
                isGood = false
            }
        }
        return isGood ? Setting(value: jids, mark: mark) : nil
    }

    private func bareJID(in key: String, of host: String?, report: inout DiagnosticReport) -> JID? {
        guard let text = text(key, wants: "bare JIDs such as admin@example.com", report: &report) else { return nil }
        do {
            let jid = try JID(text.value)
            if jid.localpart == nil {
                report.add(mark, Self.explain(noUser: text.value, jid.domain, in: key, of: host))
            } else if !jid.isBare {
                report.add(
                    mark,
                    "`\(key)` wants bare JIDs: \(jid.bare.description.quoted) instead of \(text.value.quoted)")
            } else {
                return jid
            }
        } catch {
            report.add(mark, "\(text.value.quoted) is not a JID: \(error)")
        }
        return nil
    }

    /// A name alone is most likely that of a user of the host.
    private static func explain(noUser text: String, _ domain: String, in key: String, of host: String?) -> String {
        if !domain.utf8.contains(UInt8(ascii: ".")), let user = try? JID("\(domain)@\(host ?? "example.com")") {
            return "\(text.quoted) is no bare JID; `\(key)` wants people with their host, such as \("\(user)".quoted)"
        }
        return "\(text.quoted) is a domain; `\(key)` wants people, such as \("admin@\(domain)".quoted)"
    }

    private func scalar(_ key: String, wants wanted: String, report: inout DiagnosticReport) -> Scalar? {
        switch content {
        case .scalar(let scalar) where scalar.kind != .null: return scalar
        case .scalar:
            report.add(
                mark, "`\(key)` wants \(wanted), but this is empty; leave the key out for its default")
        case .sequence, .mapping:
            report.add(mark, "`\(key)` wants \(wanted), but this is \(kind.rawValue)")
        case .refused: break
        }
        return nil
    }
}
