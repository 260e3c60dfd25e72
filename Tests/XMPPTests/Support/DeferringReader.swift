/// Reads tags as Expat does (`callProcessor` in its `xmlparse.c`): one that was tried in part is tried again when there is
/// twice as much.
struct DeferringReader {
    private var unread: [UInt8] = []
    private var tried = 0
    /// How many tags have been read.
    private(set) var tags = 0

    /// Whether nothing is left that more bytes would have to follow.
    var isDone: Bool { unread.isEmpty }

    mutating func read(_ piece: some Sequence<UInt8>) {
        unread += piece
        guard unread.count >= 2 * tried else { return }
        var rest = unread[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[start...]
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { break }
            tags += 1
            rest = rest[(end + 1)...]
        }
        if rest.first != UInt8(ascii: "<") { rest = [] }
        tried = rest.count == unread.count ? rest.count : 0
        unread = Array(rest)
    }
}
