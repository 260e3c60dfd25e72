@testable import XMPP

extension Outlet {
    /// Sends an empty element.
    func send(_ name: String) {
        var writer = XMLWriter()
        writer.write(Element(name, namespace: Namespaces.component))
        send(writer)
    }
}

extension String {
    /// Without the white space that an ``Outlet`` writes behind stanzas.
    var withoutPadding: String { replacing(/> +/, with: ">") }
}
