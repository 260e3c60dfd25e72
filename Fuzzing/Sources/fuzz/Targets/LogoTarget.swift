@testable import Pages

struct LogoTarget: FuzzTarget {
    static let name = "logo"
    static let holds =
        "a host's picture is of a kind that browsers show as one, and its name stays below the host's path"
    static let flags = ["-max_len=4096"]

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        guard let image = SiteImage(bytes) else { return }
        expect(image.bytes == bytes && SiteImage(bytes) == image, "it is another picture")
        expect(image.name.hasPrefix("logo-") && !image.name.contains("/"), "its name is \(image.name)")
        let kinds = ["svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"]
        expect(
            kinds[String(image.name.split(separator: ".").last ?? "")] == image.contentType,
            "\(image.name) is \(image.contentType)")
        guard image.contentType == "image/svg+xml" else { return }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        expect(!text.contains("<script") && !text.contains("<!entity"), "it is more than a picture")
    }
}
