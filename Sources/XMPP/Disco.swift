/// What an entity is and can do (XEP-0030 §3.1).
package struct DiscoInfo: Hashable, Sendable {
    package struct Identity: Hashable, Sendable {
        package var category: String
        package var type: String
        package var name: String?

        package init(category: String, type: String, name: String? = nil) {
            self.category = category
            self.type = type
            self.name = name
        }
    }

    package var node: String?
    package var identities: [Identity]
    package var features: [String]
    /// Extended information (XEP-0128).
    package var extensions: [DataForm]

    package init(
        node: String? = nil, identities: [Identity] = [], features: [String] = [], extensions: [DataForm] = []
    ) {
        self.node = node
        self.identities = identities
        self.features = features
        self.extensions = extensions
    }

    /// Reads a `<query/>` that answers a request for information; `nil` when it is none.
    package init?(_ element: Element) {
        guard element.is("query", Namespaces.discoInfo) else { return nil }
        self.init(node: element["node"])
        for child in element.children {
            switch (child.name, child.namespace) {
            case ("identity", Namespaces.discoInfo):
                guard let category = child["category"], let type = child["type"] else { continue }
                identities.append(Identity(category: category, type: type, name: child["name"]))
            case ("feature", Namespaces.discoInfo):
                if let feature = child["var"] { features.append(feature) }
            default:
                if let form = DataForm(child) { extensions.append(form) }
            }
        }
    }

    /// The information as a `<query/>`.
    package var element: Element {
        var children = identities.map { identity in
            Element(
                "identity", namespace: Namespaces.discoInfo,
                attributes: ["category": identity.category, "type": identity.type, "name": identity.name])
        }
        children += features.map { Element("feature", namespace: Namespaces.discoInfo, attributes: ["var": $0]) }
        children += extensions.map(\.element)
        return Element("query", namespace: Namespaces.discoInfo, attributes: ["node": node], children: children)
    }
}

/// The items of an entity (XEP-0030 §4.1).
package struct DiscoItems: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package var jid: JID
        package var node: String?
        package var name: String?

        package init(jid: JID, node: String? = nil, name: String? = nil) {
            self.jid = jid
            self.node = node
            self.name = name
        }
    }

    package var node: String?
    package var items: [Item]

    package init(node: String? = nil, items: [Item] = []) {
        self.node = node
        self.items = items
    }

    /// Reads a `<query/>` that answers a request for items; `nil` when it is none. An item without an address is left out.
    package init?(_ element: Element) {
        guard element.is("query", Namespaces.discoItems) else { return nil }
        self.init(
            node: element["node"],
            items: element.children.compactMap { child in
                guard child.is("item", Namespaces.discoItems), let jid = child["jid"].flatMap({ try? JID($0) }) else {
                    return nil
                }
                return Item(jid: jid, node: child["node"], name: child["name"])
            })
    }

    /// The items as a `<query/>`.
    package var element: Element {
        Element(
            "query", namespace: Namespaces.discoItems, attributes: ["node": node],
            children: items.map { item in
                Element(
                    "item", namespace: Namespaces.discoItems,
                    attributes: ["jid": item.jid.description, "node": item.node, "name": item.name])
            })
    }
}
