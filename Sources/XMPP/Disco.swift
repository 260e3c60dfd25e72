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
