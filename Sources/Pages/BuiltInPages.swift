internal import Languages

/// The pages that invited comes with. They are made when the first one is asked for: where there are none, no start waits for them.
package struct BuiltInPages: PageRendering {
    // All that it is made of is part of the program, and PagesTests make it, too.
    private static let renderer = PageRenderer(try! PageDesign(languages: .builtIn))

    package init() {}

    package func render(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage {
        Self.renderer.render(page, of: site, for: visitor)
    }

    package func renderAtOnce(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage? {
        Self.renderer.renderAtOnce(page, of: site, for: visitor)
    }

    package func staticFile(_ name: String) -> StaticFile? { Self.renderer.staticFile(name) }

    package func qrCode(of landing: Landing, site: Site) -> [UInt8]? { Self.renderer.qrCode(of: landing, site: site) }

    package var inlineHashes: [String] { Self.renderer.inlineHashes }
}
