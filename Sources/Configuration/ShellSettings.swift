import Shell
import Text
import XMPP
import YAML

/// What `shell` in the daemon's file says.
struct ShellSettings: Sendable {
    private(set) var roles: [RoleGrant] = []

    init() {}

    init(_ node: YAMLNode, report: inout DiagnosticReport) {
        for (key, _, value) in node.entries(of: ShellKey.self, in: "`shell`", report: &report) {
            switch key {
            case .roles: readRoles(value, report: &report)
            }
        }
    }

    private mutating func readRoles(_ node: YAMLNode, report: inout DiagnosticReport) {
        let items: [YAMLNode]
        switch node.content {
        case .sequence(let all): items = all
        // What is left of a list when all its lines are commented out.
        case .scalar(let scalar) where scalar.kind == .null: items = []
        case .scalar, .mapping:
            report.add(node.mark, "`roles` wants a list, lines of `- role: …`, but this is \(node.kind.rawValue)")
            items = []
        case .refused: items = []
        }
        var seen: [RoleGrant: SourceMark] = [:]
        for item in items {
            guard let grant = RoleGrant(item, report: &report) else { continue }
            if let first = seen[grant] {
                report.add(item.mark, "this says the same as \(report.location(first))")
            } else {
                seen[grant] = item.mark
                roles.append(grant)
            }
        }
    }
}

extension RoleGrant {
    /// Reads an item of `roles`; `nil`, with the reasons reported, when something is wrong with it.
    fileprivate init?(_ node: YAMLNode, report: inout DiagnosticReport) {
        var keys: Set<GrantKey> = []
        var users: [String]?
        var groups: [String]?
        var role: Role?
        var hosts: [String]?
        for (key, _, value) in node.entries(of: GrantKey.self, in: "an item of `roles`", report: &report) {
            keys.insert(key)
            switch key {
            case .users:
                users = value.list(key, of: "users such as [ann, 1001]", report: &report) { item, report in
                    item.account(key, other: .groups, report: &report)
                }
            case .groups:
                groups = value.list(key, of: "groups such as [support, 2001]", report: &report) { item, report in
                    item.account(key, other: .users, report: &report)
                }
            case .role: role = value.role(key, report: &report)
            case .hosts:
                let wanted = "hosts such as [example.com, \"*.example.org\"]"
                hosts = value.list(key, of: wanted, report: &report) { item, report in
                    item.hostPattern(key, report: &report)
                }
            }
        }
        switch node.kind {
        case .mapping, .null: break
        // It is reported as no mapping, not for the keys that it does not have.
        default: return nil
        }
        if !keys.contains(.role) {
            report.add(node.mark, "this item of `roles` has no `role`: set it to viewer, operator or admin")
        }
        if !keys.contains(.users), !keys.contains(.groups) {
            report.add(node.mark, "this item of `roles` has neither `users` nor `groups`: it says nobody's role")
        }
        for (key, isGood) in [
            (GrantKey.users, users != nil), (.groups, groups != nil), (.hosts, hosts != nil),
        ] where keys.contains(key) && !isGood {
            return nil
        }
        guard let role, users != nil || groups != nil else { return nil }
        self.init(users: users ?? [], groups: groups ?? [], role: role, hosts: hosts.map { Set($0) })
    }
}

extension YAMLNode {
    /// A list with at least one item, none of them twice.
    ///
    /// - Parameter wanted: What the list holds, with an example.
    fileprivate func list(
        _ key: GrantKey, of wanted: String, report: inout DiagnosticReport,
        item read: (YAMLNode, inout DiagnosticReport) -> String?
    ) -> [String]? {
        guard case .sequence(let items) = content else {
            if kind != .refused {
                report.add(mark, "`\(key.rawValue)` wants a list of \(wanted), but this is \(kind.rawValue)")
            }
            return nil
        }
        guard !items.isEmpty else {
            let consequence = key == .hosts ? "leave it out for all hosts" : "leave it out"
            report.add(mark, "`\(key.rawValue)` is an empty list, which would say none; \(consequence)")
            return nil
        }
        var values: [String] = []
        var seen: [[UInt8]: SourceMark] = [:]
        var isGood = true
        for item in items {
            guard let value = read(item, &report) else {
                isGood = false
                continue
            }
            // By bytes, as the system compares names; Swift would take different ones for the same.
            if let first = seen.updateValue(item.mark, forKey: Array(value.utf8)) {
                report.add(item.mark, "\(value.quoted) is already in this list, at \(report.location(first))")
                isGood = false
            }
            values.append(value)
        }
        return isGood ? values : nil
    }

    /// The name or the number of a user or a group.
    fileprivate func account(_ key: GrantKey, other: GrantKey, report: inout DiagnosticReport) -> String? {
        let wanted = "names or numbers of \(key.rawValue)"
        guard case .scalar(let scalar) = content, scalar.kind != .null, scalar.kind != .boolean else {
            if kind != .refused {
                report.add(mark, "`\(key.rawValue)` wants \(wanted), but this is \(kind.rawValue)")
            }
            return nil
        }
        let text = scalar.text
        guard !text.isEmpty, text.isPrintable, text.utf8.first != UInt8(ascii: " "),
            text.utf8.last != UInt8(ascii: " "), !text.utf8.contains(where: { ":,/".utf8.contains($0) })
        else {
            report.add(mark, "`\(key.rawValue)` wants \(wanted), each an item of its own, not \(text.quoted)")
            return nil
        }
        if let first = text.utf8.first, "@%+".utf8.contains(first) {
            report.add(
                mark, "\(text.quoted) is no name: groups go under `\(GrantKey.groups.rawValue)`, as they are called")
            return nil
        }
        if scalar.kind == .number || text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // The largest number means none at all, as `(uid_t) -1`.
            guard let id = UInt32(text), id < UInt32.max, String(id) == text else {
                report.add(
                    mark, "`\(key.rawValue)` wants \(wanted); a number is one from 0 to 4294967294, not \(text.quoted)")
                return nil
            }
        }
        return text
    }

    fileprivate func role(_ key: GrantKey, report: inout DiagnosticReport) -> Role? {
        guard let text = text(key.rawValue, wants: "viewer, operator or admin", report: &report) else { return nil }
        if let role = Role(rawValue: text.value) { return role }
        let meant = Suggestion.closest(to: text.value, among: Role.allCases.map(\.rawValue))
        let end = meant.map { "; did you mean `\($0)`?" } ?? ""
        report.add(mark, "`\(key.rawValue)` wants viewer, operator or admin, not \(text.value.quoted)\(end)")
        return nil
    }

    /// A host, prepared, or `*.` and a domain.
    fileprivate func hostPattern(_ key: GrantKey, report: inout DiagnosticReport) -> String? {
        // `- *.example.com` without quotes is an alias to YAML, and refused as one.
        guard let text = text(key.rawValue, wants: "hosts such as example.com", report: &report)?.value else {
            return nil
        }
        if text == "*" {
            report.add(mark, "leave `\(key.rawValue)` out for all hosts; `*` alone means nothing here")
            return nil
        }
        let isPattern = text.utf8.starts(with: "*.".utf8)
        let domain = isPattern ? String(text.unicodeScalars.dropFirst(2)) : text
        guard !domain.utf8.contains(UInt8(ascii: "*")) else {
            report.add(
                mark, "\(text.quoted): a `*` stands for whole labels at the beginning alone, as in `*.example.com`")
            return nil
        }
        do {
            let jid = try JID(domain)
            guard jid.isDomain else {
                report.add(
                    mark, "`\(key.rawValue)` wants domains alone: \(jid.domain.quoted) instead of \(text.quoted)")
                return nil
            }
            return isPattern ? "*.\(jid.domain)" : jid.domain
        } catch {
            report.add(mark, "`\(key.rawValue)` \(text.quoted) is not a domain: \(error)")
            return nil
        }
    }
}
