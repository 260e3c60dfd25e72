/// The files below `/-/static/`, each under a name with a hash of what is in it.
struct StaticFiles: Sendable {
    private var files: [String: StaticFile] = [:]
    private var names: [String: String] = [:]

    /// - Parameter contents: By names such as `style.css`.
    init(_ contents: [String: [UInt8]]) {
        for (name, bytes) in contents { add(name, bytes) }
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) {
        let hash = Self.hash(bytes)
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        let hashed = "\(name[..<dot])-\(hash)\(name[dot...])"
        names[name] = hashed
        files[hashed] = StaticFile(body: bytes, contentType: Self.contentType(of: name), etag: "\"\(hash)\"")
    }

    /// The file of a name with a hash.
    func file(_ name: String) -> StaticFile? {
        if let file = files[name] { return file }
        guard let sheet = AccentSheet.file(name) else { return nil }
        let bytes = Array(sheet.utf8)
        return StaticFile(body: bytes, contentType: "text/css; charset=utf-8", etag: "\"\(Self.hash(bytes))\"")
    }

    /// The name with a hash of a file with a plain name: `style-0123456789abcdef.css` of `style.css`.
    func hashedName(of name: String) -> String? { names[name] }

    func size(of name: String) -> Int? { names[name].flatMap { files[$0]?.body.count } }

    /// FNV-1a in 64 bits: it detects that a file has changed. It does not prevent crafted collisions, but only the
    /// provider could serve such a file here.
    static func hash(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        default: "application/octet-stream"
        }
    }
}
