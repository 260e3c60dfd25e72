internal import Invites
internal import Languages
internal import Pages

/// What a request says of the visitor. Nothing of it is stored.
enum VisitorReader {
    static func visitor(of request: HTTPRequest, query: String, at now: Timestamp) -> Visitor {
        Visitor(
            languages: languages(request.values(of: "accept-language").joined(separator: ",")),
            chosenLanguage: chosenLanguage(query), platform: platform(request["user-agent"] ?? ""), now: now)
    }

    /// The languages that a browser asks for, best first.
    private static func languages(_ header: String) -> [String] {
        AcceptLanguage(header).ranges.compactMap { if case .language(let tag) = $0 { tag.description } else { nil } }
    }

    private static func chosenLanguage(_ query: String) -> String? {
        for pair in query.dropFirst().split(separator: "&").prefix(16) {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == PageName.language, isTag(String(parts[1])) { return String(parts[1]) }
        }
        return nil
    }

    private static func isTag(_ text: String) -> Bool {
        (1...35).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// What the device runs. An iPad says Macintosh.
    private static func platform(_ agent: String) -> Platform {
        // By bytes, since every request has one: a search by characters took a twentieth of a page's time.
        let agent = Array(agent.utf8.prefix(500))
        return platforms.first { agent.contains($0.word) }?.platform ?? .other
    }

    /// By words of `User-Agent`, the first that is in it: what an Android says has Linux in it, too.
    private static let platforms: [(word: [UInt8], platform: Platform)] = {
        let platforms: [(word: String, platform: Platform)] = [
            ("Android", .android), ("iPhone", .ios), ("iPad", .ios), ("iPod", .ios), ("Windows", .windows),
            ("Macintosh", .macos), ("Linux", .linux), ("X11", .linux), ("BSD", .linux),
        ]
        return platforms.map { (Array($0.word.utf8), $0.platform) }
    }()
}

extension [UInt8] {
    fileprivate func contains(_ word: [UInt8]) -> Bool {
        guard let first = word.first, count >= word.count else { return false }
        return (0...(count - word.count)).contains { start in
            self[start] == first && self[start..<(start + word.count)].elementsEqual(word)
        }
    }
}
