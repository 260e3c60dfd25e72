internal import Languages
internal import QR
internal import Synchronization

/// Renders pages by filling the gaps of compiled ones. Its design can be replaced while it renders.
package final class PageRenderer: PageRendering {
    private let current: Mutex<PageDesign?>

    /// - Parameter design: What pages are made of; without it, the built-in design.
    package init(_ design: PageDesign? = nil) { current = Mutex(design) }

    /// What pages are made of now. Setting it takes effect with the next page.
    package var design: PageDesign {
        get { current.withLock { $0 } ?? .builtIn }
        set { current.withLock { $0 = newValue } }
    }

    package func render(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage {
        let design = design
        let request = PageRequest(page, of: site, for: visitor, design: design)
        return Self.render(request, as: design.page(request.shape), design)
    }

    package func renderAtOnce(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage? {
        let design = design
        let request = PageRequest(page, of: site, for: visitor, design: design)
        return design.knownPage(request.shape).map { Self.render(request, as: $0, design) }
    }

    private static func render(_ request: PageRequest, as page: CompiledPage, _ design: PageDesign) -> RenderedPage {
        let body = page.render { slot, bytes in request.values.append(slot, to: &bytes) }
        return RenderedPage(body: body, language: design.languages[request.shape.language].language)
    }

    package func render(_ answer: UsernameAnswer, for visitor: Visitor) -> RenderedPage {
        let languages = design.languages
        let texts = languages[languages.index(for: visitor)]
        return RenderedPage(body: answer.json(in: texts), language: texts.language)
    }

    package func staticFile(_ name: String) -> StaticFile? { design.files.file(name) }

    package func qrCode(of landing: Landing, site: Site) -> [UInt8]? { QRCode(landing.uri)?.svg }

    /// None: styles and the one script are files.
    package var inlineHashes: [String] { [] }
}
