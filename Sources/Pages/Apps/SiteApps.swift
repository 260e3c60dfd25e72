/// Apps that one host has besides those of all.
package struct SiteApps: Hashable, Sendable {
    let list: AppList
    /// Identifies the content.
    package let digest: String

    /// In bytes.
    package static let largest = 65_536

    /// Reads a list of apps. Their images are the built-in ones.
    ///
    /// - Parameter file: The path, for messages.
    /// - Throws: ``PageFileErrors`` with every mistake.
    package init(reading bytes: [UInt8], file: String) throws(PageFileErrors) {
        list = try AppReader.read(bytes, file: file) { Self.images.isImage($0) }.get()
        digest = StaticFiles.hash(bytes)
    }

    private static let images = StaticFiles(StaticFiles.embedded)

    package static func == (left: SiteApps, right: SiteApps) -> Bool { left.digest == right.digest }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

extension AppList {
    /// With the apps of a host before the others; one with the id of another takes its place.
    func adding(_ own: SiteApps?) -> AppList {
        guard let own else { return self }
        let ids = Set(own.list.apps.map(\.id))
        return AppList(apps: own.list.apps + apps.filter { !ids.contains($0.id) })
    }
}
