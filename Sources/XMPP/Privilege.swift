/// What a host's server lets us do in its users' names, as its message after the handshake says (XEP-0356 §4.2).
package struct PrivilegeGrant: Hashable, Sendable {
    /// One `<perm/>`: access to the roster, to messages, to presence, or to the IQs of a namespace.
    package struct Permission: Hashable, Sendable {
        /// `roster`, `message`, `presence` or `iq`.
        package let access: String
        /// `get`, `set`, `both`, `outgoing`, …; absent for `iq`, which names it for each namespace.
        package let type: String?
        /// For `iq`: each namespace with its type.
        package let namespaces: [String: String]
        /// For `roster`, in version 2: whether a change is pushed to the users' clients by the server.
        package let push: Bool?
    }

    /// `urn:xmpp:privilege:2` (Prosody) or `urn:xmpp:privilege:1` (ejabberd 23.01).
    package let namespace: String
    package private(set) var permissions: [Permission]

    /// Reads a `<privilege/>` of a message; `nil` when it is none.
    package init?(_ element: Element) {
        guard element.name == "privilege",
            element.namespace == "urn:xmpp:privilege:2" || element.namespace == "urn:xmpp:privilege:1"
        else { return nil }
        namespace = element.namespace
        permissions = element.children.compactMap { child in
            guard child.is("perm", element.namespace), let access = child["access"] else { return nil }
            var namespaces: [String: String] = [:]
            for inner in child.children where inner.name == "namespace" {
                if let ns = inner["ns"] { namespaces[ns] = inner["type"] ?? "" }
            }
            let push = child["push"].map { $0 == "true" || $0 == "1" }
            return Permission(access: access, type: child["type"], namespaces: namespaces, push: push)
        }
    }

    /// Whether IQs with such a payload may be sent in the users' names (§6).
    package func allows(_ body: IQ.Body) -> Bool {
        let (payload, type): (Element, String)
        switch body {
        case .get(let request): (payload, type) = (request, "get")
        case .set(let request): (payload, type) = (request, "set")
        case .result, .error: return false
        }
        return namespace == PrivilegedRequest.namespace
            && permissions.contains { permission in
                permission.access == "iq" && [type, "both"].contains(permission.namespaces[payload.namespace] ?? "")
            }
    }

    /// The same with the permissions that XEP-0356 defines alone, and for IQs with these namespaces alone.
    package func granting(only used: [String]) -> PrivilegeGrant {
        var grant = self
        var seen: Set<String> = []
        grant.permissions = permissions.compactMap { permission in
            let isDefined = ["roster", "message", "presence", "iq"].contains(permission.access)
            guard isDefined, (permission.type?.utf8.count ?? 0) <= 16, seen.insert(permission.access).inserted else {
                return nil
            }
            let namespaces = permission.namespaces.filter { used.contains($0.key) && $0.value.utf8.count <= 16 }
            return Permission(
                access: permission.access, type: permission.type, namespaces: namespaces, push: permission.push)
        }
        return grant
    }

    /// The same without what grants nothing, and with so many permissions, and namespaces of each, at most.
    package func granting(mostNamespaces most: Int) -> PrivilegeGrant {
        var grant = self
        grant.permissions = permissions.compactMap { permission in
            let named = permission.namespaces.filter { $0.value != "none" }.sorted { $0.key < $1.key }.prefix(most)
            let type = permission.type == "none" ? nil : permission.type
            guard type != nil || !named.isEmpty else { return nil }
            return Permission(
                access: permission.access, type: type, namespaces: Dictionary(uniqueKeysWithValues: Array(named)),
                push: permission.push)
        }
        grant.permissions = Array(grant.permissions.prefix(most))
        return grant
    }
}
