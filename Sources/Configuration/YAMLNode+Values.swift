import Invites
import Text
import XMPP

/// The values that settings take. Each function reports what is wrong with a value and then returns `nil`.
///
/// None of them prints a value before it is known not to be a secret.
extension YAMLNode {
    /// A text that is not empty and holds no control characters.
    ///
    /// A plain scalar that YAML reads as a number or a boolean is refused, since `1.10` or `true` might not have been
    /// meant to the letter.
    ///
    /// - Parameter wanted: What the key wants, such as "a path".
    func text(_ key: some KnownKey, wants wanted: String, report: inout DiagnosticReport) -> Setting<String>? {
        guard let scalar = scalar(key, wants: wanted, report: &report) else { return nil }
        switch scalar.kind {
        case .number, .boolean:
            report.add(mark, "`\(key.rawValue)` wants \(wanted), but this is \(kind.rawValue); in quotes it is a text")
            return nil
        default: break
        }
        guard !scalar.text.isEmpty else {
            report.add(mark, "`\(key.rawValue)` wants \(wanted), but this is empty")
            return nil
        }
        guard scalar.text.isPrintable else {
            report.add(mark, "`\(key.rawValue)` holds a line break or another control character")
            return nil
        }
        return Setting(value: scalar.text, mark: mark)
    }

    /// `true` or `false`, as YAML 1.2 writes them.
    func flag(_ key: some KnownKey, report: inout DiagnosticReport) -> Setting<Bool>? {
        guard let scalar = scalar(key, wants: "true or false", report: &report) else { return nil }
        switch scalar.text {
        case "true" where scalar.isPlain: return Setting(value: true, mark: mark)
        case "false" where scalar.isPlain: return Setting(value: false, mark: mark)
        case "true", "false":
            report.add(mark, "`\(key.rawValue)` wants true or false without quotes")
        default:
            let likely: String? =
                switch scalar.text.lowercased() {
                case "yes", "y", "on", "true", "1": "true"
                case "no", "n", "off", "false", "0": "false"
                default: nil
                }
            let meant = likely.map { ": write \($0) instead of \(scalar.text.quoted)" }
            report.add(mark, "`\(key.rawValue)` wants true or false\(meant ?? ", not \(scalar.text.quoted)")")
        }
        return nil
    }

    /// A length of time.
    func lifetime(_ key: some KnownKey, report: inout DiagnosticReport) -> Setting<Lifetime>? {
        guard let scalar = scalar(key, wants: "a length of time such as 7d", report: &report) else { return nil }
        do {
            return Setting(value: try Lifetime(scalar.text), mark: mark)
        } catch {
            report.add(mark, "`\(key.rawValue)` \(scalar.text.quoted): \(error)")
            return nil
        }
    }

    /// The address of a domain, prepared.
    func domain(_ key: some KnownKey, report: inout DiagnosticReport) -> Setting<JID>? {
        guard let text = text(key, wants: "a domain such as example.com", report: &report) else { return nil }
        do {
            let jid = try JID(text.value)
            if jid.isDomain { return Setting(value: jid, mark: mark) }
            report.add(
                mark, "`\(key.rawValue)` wants a domain alone: \(jid.domain.quoted) instead of \(text.value.quoted)")
        } catch {
            report.add(mark, "`\(key.rawValue)` \(text.value.quoted) is not a domain: \(error)")
        }
        return nil
    }

    /// A list of bare JIDs with localparts.
    func bareJIDs(_ key: some KnownKey, report: inout DiagnosticReport) -> Setting<Set<JID>>? {
        let wanted = "a list of bare JIDs such as [admin@example.com]"
        guard case .sequence(let items) = content else {
            switch kind {
            case .refused: break
            case .null: report.add(mark, "`\(key.rawValue)` wants \(wanted), but this is empty; write [] for none")
            default: report.add(mark, "`\(key.rawValue)` wants \(wanted), but this is \(kind.rawValue)")
            }
            return nil
        }
        guard items.count <= HostSettings.mostAdmins else {
            report.add(mark, "`\(key.rawValue)` has more than \(HostSettings.mostAdmins) addresses")
            return nil
        }
        var jids: Set<JID> = []
        var isGood = true
        for item in items {
            if let jid = item.bareJID(in: key, report: &report) {
                jids.insert(jid)
            } else {
                isGood = false
            }
        }
        return isGood ? Setting(value: jids, mark: mark) : nil
    }

    private func bareJID(in key: some KnownKey, report: inout DiagnosticReport) -> JID? {
        guard let text = text(key, wants: "bare JIDs such as admin@example.com", report: &report) else { return nil }
        do {
            let jid = try JID(text.value)
            if jid.localpart == nil {
                let example = "admin@\(jid.domain)"
                report.add(
                    mark, "\(text.value.quoted) is a domain; `\(key.rawValue)` wants people, such as \(example.quoted)")
            } else if !jid.isBare {
                report.add(
                    mark,
                    "`\(key.rawValue)` wants bare JIDs: \(jid.bare.description.quoted) instead of \(text.value.quoted)")
            } else {
                return jid
            }
        } catch {
            report.add(mark, "\(text.value.quoted) is not a JID: \(error)")
        }
        return nil
    }

    private func scalar(_ key: some KnownKey, wants wanted: String, report: inout DiagnosticReport) -> Scalar? {
        switch content {
        case .scalar(let scalar) where scalar.kind != .null: return scalar
        case .scalar:
            report.add(
                mark, "`\(key.rawValue)` wants \(wanted), but this is empty; leave the key out for its default")
        case .sequence, .mapping:
            report.add(mark, "`\(key.rawValue)` wants \(wanted), but this is \(kind.rawValue)")
        case .refused: break
        }
        return nil
    }
}
