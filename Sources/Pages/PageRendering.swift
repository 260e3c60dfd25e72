/// Renders pages from values: all that `Web` knows of templates, languages and appearance.
package protocol PageRendering: Sendable {
    /// The bytes of one page in the best language, and which one that is.
    func render(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage
    /// The answer about a name for the script of a form: a JSON object with the members `state` and `text`, in the best
    /// language.
    func render(_ answer: UsernameAnswer, for visitor: Visitor) -> RenderedPage
    /// The same, where that takes no more than filling in values; `nil` where more has to be made first, which may take milliseconds.
    func renderAtOnce(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage?
    /// A file below `/-/static/`: style sheet, script, logos; `nil` where there is none. The name has a hash of the
    /// content, so that it can be cached for ever.
    func staticFile(_ name: String) -> StaticFile?
    /// The QR code of an invite's URI as an SVG image (`image/svg+xml`), for `TOKEN/qr.svg`, which landing pages show; `nil` when no
    /// code holds it. It is a file of its own since making it takes longer than a page.
    func qrCode(of landing: Landing, site: Site) -> [UInt8]?
    /// The hashes of what inline styles and scripts there are, for the Content-Security-Policy; best none.
    var inlineHashes: [String] { get }
}

extension PageRendering {
    package func renderAtOnce(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage? { nil }
}

package struct RenderedPage: Sendable {
    /// In UTF-8: HTML, unless it is an answer to a script.
    package var body: [UInt8]
    /// A BCP 47 tag, for `Content-Language`.
    package var language: String

    package init(body: [UInt8], language: String) {
        self.body = body
        self.language = language
    }
}

package struct StaticFile: Sendable {
    package var body: [UInt8]
    /// Such as `text/css; charset=utf-8`.
    package var contentType: String
    package var etag: String

    package init(body: [UInt8], contentType: String, etag: String) {
        self.body = body
        self.contentType = contentType
        self.etag = etag
    }
}
