internal import Invites

/// Pages in plain English, without looks.
package struct PlainPages: PageRendering {
    package init() {}

    package var inlineHashes: [String] { [] }

    package func staticFile(_ name: String) -> StaticFile? { nil }

    package func qrCode(of landing: Landing, site: Site) -> [UInt8]? { nil }

    package func render(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage {
        let content = Self.content(page, site)
        let html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(site.name))</title></head>
            <body><main>\(content)</main></body></html>

            """
        return RenderedPage(body: Array(html.utf8), language: "en")
    }

    private static func content(_ page: Page, _ site: Site) -> String {
        switch page {
        case .landing(let landing):
            return "<h1>Invitation</h1>\(invitation(landing))"
                + (landing.registers
                    ? "<p><a href=\"\(site.registrationPath(of: landing.token))\">Make an account</a></p>" : "")
                + (landing.kind == .reset
                    ? "<p><a href=\"\(site.resetPath(of: landing.token))\">Set another password</a></p>" : "")
        case .app(let landing, let id): return "<h1>\(escaped(id))</h1>\(invitation(landing))"
        case .registration(let landing, let form):
            let name =
                landing.username.map { "<p>\(escaped($0))</p>" }
                ?? "<label>Name <input name=\"username\" value=\"\(escaped(form.username))\"></label>"
            let address = form.address.map { "<p id=\"address\">\(escaped("\($0)"))</p>" } ?? ""
            return "<h1>Make an account</h1>"
                + self.form(form.mistake, form.seal, form.shortestPassword, address + name)
        case .registered(let registered):
            let contact = registered.contactURI.map { "<p><a href=\"\(escaped($0))\">Add the contact</a></p>" } ?? ""
            return "<h1>Done</h1><p id=\"account\">\(escaped("\(registered.account)"))</p>\(contact)"
        case .reset(_, let form):
            return "<h1>Set another password</h1>" + self.form(form.mistake, form.seal, form.shortestPassword, "")
        case .passwordSet(let account): return "<h1>Done</h1><p id=\"account\">\(escaped("\(account)"))</p>"
        case .problem(let problem): return "<h1>Not possible</h1><p id=\"problem\">\(escaped("\(problem)"))</p>"
        }
    }

    private static func invitation(_ landing: Landing) -> String {
        let inviter = landing.inviter.map { "<p>\(escaped("\($0)"))</p>" } ?? ""
        return "\(inviter)<p><a href=\"\(escaped(landing.uri))\">Open in an app</a></p>"
    }

    private static func form(_ mistake: FormMistake?, _ seal: String, _ shortest: Int, _ fields: String) -> String {
        let mistake = mistake.map { "<p id=\"mistake\">\(escaped("\($0)"))</p>" } ?? ""
        return "<form method=\"post\">\(mistake)\(fields)<label>Password, at least \(shortest) characters "
            + "<input type=\"password\" name=\"password\" autocomplete=\"new-password\"></label>"
            + "<input type=\"hidden\" name=\"seal\" value=\"\(escaped(seal))\"><button>Go on</button></form>"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
