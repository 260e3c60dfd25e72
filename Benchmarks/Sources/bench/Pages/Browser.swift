/// The header fields that a browser sends with its requests.
struct Browser: Sendable {
    /// `Accept-Language`.
    var languages: String

    private static let agent =
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"

    /// The languages that are measured, of which one is written from right to left.
    static let all = ["en-GB,en;q=0.9", "de-DE,de;q=0.9,en;q=0.5", "ar,en;q=0.5"].map { Browser(languages: $0) }

    /// - Parameter authority: `Host`.
    func fields(to authority: String) -> [(name: String, value: String)] {
        [
            ("Host", authority), ("User-Agent", Self.agent),
            ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("Accept-Language", languages),
        ]
    }
}

/// A page that is asked for.
struct PageRequest: Sendable {
    var path: String
    var browser: Browser
}
