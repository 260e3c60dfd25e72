/// An XML element with its namespace resolved.
///
/// Prefixes are dropped by parsing: two elements are equal when their expanded names, attributes and content are.
package struct Element: Hashable, Sendable {
    /// One attribute. Most have no namespace.
    package struct Attribute: Hashable, Sendable {
        package let name: String
        /// The attribute's own namespace; empty for one without a prefix.
        package let namespace: String
        package let value: String

        package init(name: String, namespace: String = "", value: String) {
            self.name = name
            self.namespace = namespace
            self.value = value
        }
    }

    /// The content between the tags.
    package enum Node: Hashable, Sendable {
        case element(Element)
        case text(String)
    }

    package var name: String
    package var namespace: String
    package var attributes: [Attribute]
    package var content: [Node]

    /// Makes an element.
    ///
    /// - Parameter attributes: Attributes without a namespace, in the order they are written; `nil` leaves one out.
    package init(
        _ name: String, namespace: String, attributes: KeyValuePairs<String, String?> = [:], content: [Node] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.attributes = []
        self.content = content
        if !attributes.isEmpty {
            self.attributes.reserveCapacity(attributes.count)
            for (name, value) in attributes {
                if let value { self.attributes.append(Attribute(name: name, value: value)) }
            }
        }
    }

    /// Makes an element with elements inside.
    package init(
        _ name: String, namespace: String, attributes: KeyValuePairs<String, String?> = [:], children: [Element]
    ) {
        self.init(name, namespace: namespace, attributes: attributes, content: children.map { .element($0) })
    }

    /// Makes an element with text inside.
    package init(_ name: String, namespace: String, attributes: KeyValuePairs<String, String?> = [:], text: String) {
        self.init(name, namespace: namespace, attributes: attributes, content: [.text(text)])
    }
}

extension Element {
    /// The value of an attribute without a namespace.
    package subscript(attribute: String) -> String? {
        for candidate in attributes where candidate.namespace.isEmpty && candidate.name == attribute {
            return candidate.value
        }
        return nil
    }

    /// The value of `xml:lang` on this element.
    package var language: String? {
        get { attributes.first { $0.name == "lang" && $0.namespace == Namespaces.xml }?.value }
        set {
            attributes.removeAll { $0.name == "lang" && $0.namespace == Namespaces.xml }
            if let newValue { attributes.append(.init(name: "lang", namespace: Namespaces.xml, value: newValue)) }
        }
    }

    /// The elements inside, in document order.
    package var children: some Sequence<Element> {
        content.lazy.compactMap { node in
            if case .element(let element) = node { element } else { nil }
        }
    }

    /// The first element inside with this expanded name.
    package func child(_ name: String, namespace: String) -> Element? {
        for case .element(let element) in content where element.name == name && element.namespace == namespace {
            return element
        }
        return nil
    }

    /// The first element inside, whatever it is.
    package var firstChild: Element? {
        for case .element(let element) in content { return element }
        return nil
    }

    /// The text directly inside, joined.
    package var text: String {
        if content.count == 1, case .text(let only) = content[0] { return only }
        return content.reduce(into: "") { joined, node in
            if case .text(let part) = node { joined += part }
        }
    }

    /// Whether this is the element with that expanded name.
    package func `is`(_ name: String, _ namespace: String) -> Bool {
        self.name == name && self.namespace == namespace
    }
}
