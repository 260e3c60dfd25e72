/// What an entity is and can do (XEP-0030 §3.1).
public struct DiscoInfo: Hashable, Sendable {
    public struct Identity: Hashable, Sendable {
        public var category: String
        public var type: String
        public var name: String?

        public init(category: String, type: String, name: String? = nil) {
            self.category = category
            self.type = type
            self.name = name
        }
    }

    public var node: String?
    public var identities: [Identity]
    public var features: [String]
    /// Extended information (XEP-0128).
    public var extensions: [DataForm]

    public init(
        node: String? = nil, identities: [Identity] = [], features: [String] = [], extensions: [DataForm] = []
    ) {
        self.node = node
        self.identities = identities
        self.features = features
        self.extensions = extensions
    }

    /// Reads a `<query/>` that answers a request for information; `nil` when it is none.
    public init?(_ element: Element) {
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
    public var element: Element {
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
public struct DiscoItems: Hashable, Sendable {
    public struct Item: Hashable, Sendable {
        public var jid: JID
        public var node: String?
        public var name: String?

        public init(jid: JID, node: String? = nil, name: String? = nil) {
            self.jid = jid
            self.node = node
            self.name = name
        }
    }

    public var node: String?
    public var items: [Item]

    public init(node: String? = nil, items: [Item] = []) {
        self.node = node
        self.items = items
    }

    /// Reads a `<query/>` that answers a request for items; `nil` when it is none. An item without an address is left out.
    public init?(_ element: Element) {
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
    public var element: Element {
        Element(
            "query", namespace: Namespaces.discoItems, attributes: ["node": node],
            children: items.map { item in
                Element(
                    "item", namespace: Namespaces.discoItems,
                    attributes: ["jid": item.jid.description, "node": item.node, "name": item.name])
            })
    }
}
