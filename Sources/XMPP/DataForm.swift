/// A data form (XEP-0004), with its form type (XEP-0068) as an ordinary hidden field.
package struct DataForm: Hashable, Sendable {
    /// What the form is for (XEP-0004 §3.1).
    package enum Kind: String, Sendable, CaseIterable {
        case form, submit, cancel, result
    }

    /// A field (XEP-0004 §3.2).
    package struct Field: Hashable, Sendable {
        /// The type of a field (XEP-0004 §3.3).
        package enum Kind: String, Sendable, CaseIterable {
            case boolean, fixed, hidden
            case jidMulti = "jid-multi"
            case jidSingle = "jid-single"
            case listMulti = "list-multi"
            case listSingle = "list-single"
            case textMulti = "text-multi"
            case textPrivate = "text-private"
            case textSingle = "text-single"
        }

        /// One choice of a list.
        package struct Option: Hashable, Sendable {
            package var label: String?
            package var value: String

            package init(label: String? = nil, value: String) {
                self.label = label
                self.value = value
            }
        }

        /// The field's name; `nil` only for a `fixed` one.
        package var name: String?
        /// `nil` where the sender left it out, as a submitted form may.
        package var kind: Kind?
        package var label: String?
        package var isRequired: Bool
        package var values: [String]
        package var options: [Option]

        package init(
            _ name: String?, kind: Kind? = nil, label: String? = nil, isRequired: Bool = false, values: [String] = [],
            options: [Option] = []
        ) {
            self.name = name
            self.kind = kind
            self.label = label
            self.isRequired = isRequired
            self.values = values
            self.options = options
        }
    }

    package var kind: Kind
    package var title: String?
    package var instructions: [String]
    package var fields: [Field]

    package init(_ kind: Kind, title: String? = nil, instructions: [String] = [], fields: [Field] = []) {
        self.kind = kind
        self.title = title
        self.instructions = instructions
        self.fields = fields
    }

    /// The field with that name.
    package subscript(name: String) -> Field? {
        fields.first { $0.name == name }
    }

    /// The first value of the field with that name.
    package func value(of name: String) -> String? {
        self[name]?.values.first
    }

    /// The value of `FORM_TYPE` (XEP-0068).
    package var formType: String? { value(of: "FORM_TYPE") }
}

extension DataForm.Field {
    /// The hidden field that names the form's type (XEP-0068 §3.1).
    package static func formType(_ type: String) -> DataForm.Field {
        DataForm.Field("FORM_TYPE", kind: .hidden, values: [type])
    }

    /// The value as a boolean (XEP-0004 §3.3: `1`, `true`, `0`, `false`); `nil` when it is something else.
    package var boolean: Bool? {
        switch values.first {
        case "1", "true": true
        case "0", "false": false
        default: nil
        }
    }
}

extension DataForm {
    /// Reads an `<x xmlns='jabber:x:data'/>`; `nil` when it is none or its type is not defined.
    package init?(_ element: Element) {
        guard element.is("x", Namespaces.dataForms), let kind = element["type"].flatMap(Kind.init(rawValue:)) else {
            return nil
        }
        self.init(kind)
        for child in element.children where child.namespace == Namespaces.dataForms {
            switch child.name {
            case "title": title = child.text
            case "instructions": instructions.append(child.text)
            case "field": fields.append(Field(child))
            default: break
            }
        }
    }

    /// The form as an element.
    package var element: Element {
        var children: [Element] = []
        if let title { children.append(Element("title", namespace: Namespaces.dataForms, text: title)) }
        for line in instructions {
            children.append(Element("instructions", namespace: Namespaces.dataForms, text: line))
        }
        children += fields.map(\.element)
        return Element("x", namespace: Namespaces.dataForms, attributes: ["type": kind.rawValue], children: children)
    }
}

extension DataForm.Field {
    init(_ element: Element) {
        self.init(element["var"], kind: element["type"].flatMap(Kind.init(rawValue:)), label: element["label"])
        for child in element.children where child.namespace == Namespaces.dataForms {
            switch child.name {
            case "value": values.append(child.text)
            case "required": isRequired = true
            case "option":
                let value = child.child("value", namespace: Namespaces.dataForms)?.text ?? ""
                options.append(Option(label: child["label"], value: value))
            default: break
            }
        }
    }

    var element: Element {
        func value(_ text: String) -> Element {
            text.isEmpty
                ? Element("value", namespace: Namespaces.dataForms)
                : Element("value", namespace: Namespaces.dataForms, text: text)
        }
        var children = values.map(value)
        if isRequired { children.append(Element("required", namespace: Namespaces.dataForms)) }
        children += options.map { option in
            Element(
                "option", namespace: Namespaces.dataForms, attributes: ["label": option.label],
                children: [value(option.value)])
        }
        return Element(
            "field", namespace: Namespaces.dataForms,
            attributes: ["type": kind?.rawValue, "var": name, "label": label], children: children)
    }
}
