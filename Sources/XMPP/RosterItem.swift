/// A contact in a user's roster (RFC 6121 §2.1.2).
package struct RosterItem: Hashable, Sendable {
    package var jid: JID
    package var name: String?
    /// `none`, `to`, `from` or `both`.
    package var subscription: String
    package var groups: [String]

    package init(jid: JID, name: String? = nil, subscription: String = "none", groups: [String] = []) {
        self.jid = jid
        self.name = name
        self.subscription = subscription
        self.groups = groups
    }

    /// Reads the items of a roster's `<query/>`; those without an address are left out.
    package static func items(in query: Element?) -> [RosterItem]? {
        guard let query, query.is("query", Namespaces.roster) else { return nil }
        return query.children.compactMap { child in
            guard child.is("item", Namespaces.roster), let jid = child["jid"].flatMap({ try? JID($0) }) else {
                return nil
            }
            let groups = child.children.filter { $0.is("group", Namespaces.roster) }.map(\.text)
            return RosterItem(
                jid: jid, name: child["name"], subscription: child["subscription"] ?? "none", groups: groups)
        }
    }

    /// The `<query/>` that sets it.
    package var query: Element {
        let item = Element(
            "item", namespace: Namespaces.roster,
            attributes: ["jid": jid.description, "name": name, "subscription": subscription],
            children: groups.map { Element("group", namespace: Namespaces.roster, text: $0) })
        return Element("query", namespace: Namespaces.roster, children: [item])
    }
}
