/// What invited answers its module, where that is no error.
package enum ServerModuleAnswer: Hashable, Sendable {
    /// To a hello, with the version that is spoken here.
    case settings(ServerModule.Settings)
    /// To a check: what kind of invite it is, the name that is fixed, and when it was good, in milliseconds since
    /// 1970-01-01T00:00:00Z.
    case good(kind: String, username: String?, checked: Int64)
    /// To a reservation, which holds until then.
    case reserved(deadline: Int64)
    /// To everything else.
    case done

    /// The payload of the result.
    package var payload: Element? {
        switch self {
        case .settings(let settings): settings.element("hello", version: ServerModule.version)
        case .good(let kind, let username, let checked):
            Element(
                module: "check",
                ["kind": kind, "username": username, "checked": DateTime.formatWithMilliseconds(checked)])
        case .reserved(let deadline):
            Element(module: "reserve", ["deadline": DateTime.formatWithMilliseconds(deadline)])
        case .done: nil
        }
    }
}

extension ServerModule.Settings {
    func element(_ name: String, version: Int? = nil) -> Element {
        Element(
            module: name, ["version": version.map { "\($0)" }, "registration": registration.rawValue],
            children: held.prefix(Self.mostHeld).map { Element(module: "held", ["username": $0]) })
    }

    init(_ reader: ServerModuleReader) throws(StanzaError) {
        var held: [String] = []
        for child in reader.element.children where child.is("held", ServerModule.namespace) {
            held.append(try ServerModuleReader(element: child).localpart())
        }
        guard held.count <= Self.mostHeld else { throw reader.malformed("held") }
        self.init(registration: try reader.choice("registration"), held: held)
    }
}
