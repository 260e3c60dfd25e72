import Invites
import Pages

/// Renders a page as one line that names its kind.
struct LineRenderer: PageRendering {
    var inlineHashes: [String] = []

    func render(_ answer: UsernameAnswer, for visitor: Visitor) -> RenderedPage {
        RenderedPage(body: Array("\(answer)".utf8), language: "en")
    }

    func staticFile(_ name: String) -> StaticFile? {
        name == "a.css" ? StaticFile(body: [0x61], contentType: "text/css; charset=utf-8", etag: "\"1\"") : nil
    }

    func qrCode(of landing: Landing, site: Site) -> [UInt8]? { Array("<svg/>".utf8) }

    /// As if each landing page had been made before, but those of resets.
    func renderAtOnce(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage? {
        guard case .landing(let landing) = page, landing.kind != .reset else { return nil }
        return render(page, of: site, for: visitor)
    }

    func render(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage {
        let line: String
        switch page {
        case .landing(let landing): line = "landing \(landing.kind.rawValue) registers=\(landing.registers)"
        case .app(_, let id): line = "app \(id)"
        case .registration(_, let form):
            line =
                "form \(form.mistake.map { "\($0)" } ?? "good") \(form.address.map { "\($0)" } ?? "-") seal=\(form.seal)"
        case .registered(let registered):
            let contact = registered.hasContact ? " has contact" : registered.contactURI.map { " \($0)" } ?? ""
            line = "registered \(registered.account)\(contact)"
        case .reset(_, let form): line = "reset \(form.mistake.map { "\($0)" } ?? "good") seal=\(form.seal)"
        case .passwordSet(let account, let endedSessions): line = "set \(account) sessions=\(endedSessions)"
        case .problem(let problem, let ended): line = "problem \(problem) \(ended.map { $0.kind.rawValue } ?? "-")"
        }
        return RenderedPage(body: Array("\(site.path) \(line)".utf8), language: visitor.languages.first ?? "en")
    }
}
