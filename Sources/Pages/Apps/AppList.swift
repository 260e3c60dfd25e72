/// The apps that there are, in the order in which they are offered.
package struct AppList: Hashable, Sendable {
    package let apps: [App]

    /// What a page has room for.
    static let most = 64

    /// The one of that id.
    func index(of id: String) -> Int? { apps.firstIndex { $0.id == id } }

    /// Those that a host shows, as positions.
    func shown(for choice: AppChoice) -> [Int] {
        var positions = choice.shown.map { ids in ids.compactMap(index(of:)) } ?? Array(apps.indices)
        var seen: Set<Int> = []
        positions.removeAll { !seen.insert($0).inserted || choice.hidden.contains(apps[$0].id) }
        return positions
    }
}

/// Which apps a host shows.
struct AppChoice: Hashable, Sendable {
    /// The ids, in order; `nil` for all.
    var shown: [String]?
    var hidden: Set<String>
    /// The host's own.
    var own: SiteApps?
}
