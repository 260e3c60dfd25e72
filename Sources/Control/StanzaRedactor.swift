internal import Access
internal import Shell
internal import XMPP

/// Hides in a stanza what gives its reader access: tokens of invites, wherever they are, and passwords. Also hosts that
/// the reader may not know of.
struct StanzaRedactor: Sendable {
    /// The hosts that the reader sees.
    let hosts: HostScope
    /// Whether tokens are left as they are. Passwords never are.
    var revealsTokens = false

    /// How long a run of letters and digits is at least that is taken for a token whatever is around it. The daemon's
    /// own have that length; names of sessions are shorter.
    static let tokenLength = 29
    private static let hidden = "[token]"
    private static let secret = "[secret]"
    /// Fields of forms that hold a token, alone or in a link.
    private static let tokenFields: Set<String> = ["uri", "landing-url", "token", "preauth"]

    func redact(_ element: Element) -> Element {
        var copy = element
        redact(&copy)
        return copy
    }

    private func redact(_ element: inout Element) {
        // `create` and `password` of the server module.
        element.attributes = element.attributes.map { attribute in
            guard attribute.name == "password", attribute.namespace.isEmpty else { return attribute }
            return Element.Attribute(name: attribute.name, namespace: attribute.namespace, value: Self.secret)
        }
        if !revealsTokens {
            element.attributes = element.attributes.map { attribute in
                let isToken = attribute.name == "token" || attribute.name == "preauth"
                let value = isToken && !attribute.value.isEmpty ? Self.hidden : Self.redactTokens(in: attribute.value)
                return Element.Attribute(name: attribute.name, namespace: attribute.namespace, value: value)
            }
        }
        let isField = element.name == "field" && element.namespace == Namespaces.dataForms
        let field = isField ? element["var"] : nil
        if isField { redactHosts(&element) }
        let isPassword =
            element.name == "password" || isField && element["type"] == "text-private"
            || field?.contains("password") == true
        let isToken = field.map { Self.tokenFields.contains($0) } ?? (element.name == "token")
        element.content = Self.joined(element.content).map { node in
            switch node {
            case .element(var child):
                let text = child.text
                redact(&child)
                if isField, child.name == "value" {
                    if isPassword {
                        child.content = [.text(Self.secret)]
                    } else if isToken, !revealsTokens {
                        child.content = [.text(Self.redactLink(text))]
                    }
                }
                return .element(child)
            case .text(let text):
                if isPassword { return .text(Self.secret) }
                if revealsTokens { return .text(text) }
                return .text(isToken && !isField ? Self.hidden : Self.redactTokens(in: text))
            }
        }
    }

    /// Text in one piece: a parser may deliver it in several.
    private static func joined(_ content: [Element.Node]) -> [Element.Node] {
        var all: [Element.Node] = []
        for node in content {
            if case .text(let more) = node, case .text(let text)? = all.last {
                all[all.count - 1] = .text(text + more)
            } else {
                all.append(node)
            }
        }
        return all
    }

    /// The form asks an admin of several hosts for which one: hosts that the reader does not see must not show.
    private func redactHosts(_ field: inout Element) {
        guard hosts != .all, field["var"] == "host" else { return }
        func isHidden(_ element: Element) -> Bool {
            !element.text.isEmpty && !hosts.contains(element.text)
        }
        field.content.removeAll { node in
            guard case .element(let child) = node else { return false }
            if child.name == "option" { return child.children.contains { $0.name == "value" && isHidden($0) } }
            return child.name == "value" && isHidden(child)
        }
    }

    /// A link without its token: `xmpp:alice@example.com?roster;preauth=[token]`.
    private static func redactLink(_ text: String) -> String {
        let redacted = redactTokens(in: text)
        // Not in a form that is known: nothing of it is shown.
        return redacted == text && !text.isEmpty ? hidden : redacted
    }

    /// Hides what follows `preauth=` or `token=`, and whatever is as long as a token.
    ///
    /// By bytes: with an accent after it, the last letter of a token would be another Character.
    static func redactTokens(in text: String) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let run = rest.prefix(while: isLetterOrDigit)
            rest = rest.dropFirst(run.count)
            result += run.count >= tokenLength ? Array(hidden.utf8) : Array(run)
            if let sign = equalsSign(after: run, in: rest) {
                result += sign
                rest = rest.dropFirst(sign.count)
                // Tokens of others may hold more than letters and digits, or be escaped.
                let value = rest.prefix(while: isInValue)
                rest = rest.dropFirst(value.count)
                if !value.isEmpty { result += hidden.utf8 }
            }
            let between = rest.prefix { !isLetterOrDigit($0) }
            rest = rest.dropFirst(between.count)
            result += between
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The `=`, perhaps escaped, between the name of a token and the token.
    private static func equalsSign(after run: ArraySlice<UInt8>, in rest: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let name = String(decoding: run, as: UTF8.self).lowercased()
        guard name.hasSuffix("preauth") || name.hasSuffix("token") else { return nil }
        return ["=", "%3D", "%3d"].lazy.map(\.utf8).first { rest.starts(with: $0) }.map { rest.prefix($0.count) }
    }

    /// What a value in a link is made of, as far as it ends neither the value nor the link.
    private static func isInValue(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "-._~%+/=".utf8.contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
