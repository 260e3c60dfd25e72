/// A picture of a host, whose kind its content says: SVG, PNG, JPEG or WebP.
package struct SiteImage: Hashable, Sendable {
    /// Such as `logo-0123456789abcdef.svg`, with a hash of the content, so that it can be cached for ever.
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]

    /// In bytes.
    package static let largest = 65_536

    /// - Returns: `nil` for what is none of those, or an SVG that could do more than show itself.
    package init?(_ bytes: [UInt8]) {
        guard let kind = Self.kind(of: bytes) else { return nil }
        let hash = StaticFiles.hash(bytes)
        name = "logo-\(hash).\(kind.suffix)"
        contentType = kind.type
        self.bytes = bytes
    }

    // Hosts and their pages are compared often, and the name has the hash.
    package static func == (left: SiteImage, right: SiteImage) -> Bool {
        left.name == right.name && left.bytes.count == right.bytes.count
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }

    private static func kind(of bytes: [UInt8]) -> (suffix: String, type: String)? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return ("png", "image/png") }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return ("jpg", "image/jpeg") }
        if bytes.count >= 12, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WEBP".utf8) {
            return ("webp", "image/webp")
        }
        return isHarmlessSVG(bytes) ? ("svg", "image/svg+xml") : nil
    }

    /// Whether it is an SVG document whose first element says so. Browsers run nothing in images, and the headers
    /// prevent it for a page of its own, too; entities could still exhaust memory, and what has scripts is no logo.
    private static func isHarmlessSVG(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else { return false }
        let lowercased = text.lowercased()
        guard !["<!entity", "<!doctype svg [", "<script", "<foreignobject"].contains(where: lowercased.contains) else {
            return false
        }
        var rest = Substring(text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text)
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if rest.hasPrefix("<?") || rest.hasPrefix("<!--") || rest.hasPrefix("<!DOCTYPE") {
                let end = rest.hasPrefix("<?") ? "?>" : rest.hasPrefix("<!--") ? "-->" : ">"
                guard let range = rest.firstRange(of: end) else { return false }
                guard !rest[..<range.lowerBound].contains("[") || end == "-->" else { return false }
                rest = rest[range.upperBound...]
            } else {
                break
            }
        }
        guard rest.hasPrefix("<svg"), let next = rest.dropFirst(4).first else { return false }
        return next.isWhitespace || next == ">"
    }
}
