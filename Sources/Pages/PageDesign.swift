package import Languages
internal import Synchronization

/// All that pages are made of besides the values of hosts and invites: templates, texts, apps, style sheets and logos. It never
/// changes; another takes its place.
package final class PageDesign: Sendable {
    let templates: TemplateSet
    let languages: PageLanguages
    let apps: AppList
    let files: StaticFiles
    private let zones = TimeZones()
    private let pages = Mutex(PageCache())

    /// What a provider has replaced of the built-in design.
    package struct Replacements: Sendable {
        var templates: [TemplateSet.Source] = []
        /// The file of the apps, and what is in it.
        var apps: (file: String, bytes: [UInt8])?
        /// Style sheet and images by name.
        var files: [String: [UInt8]] = [:]
        /// Files of texts, and what is in them.
        var texts: [(file: String, bytes: [UInt8])] = []

        package init() {}
    }

    /// - Throws: ``PageFileErrors`` with every mistake in all that was replaced.
    package init(
        languages: LanguageCatalog, replacements: Replacements = Replacements()
    ) throws(PageFileErrors) {
        var errors: [PageFileErrors] = []
        let (catalog, mistakes) =
            replacements.texts.isEmpty ? (languages, []) : languages.replacing(replacements.texts)
        self.languages = PageLanguages(catalog)
        if !mistakes.isEmpty { errors.append(PageFileErrors(diagnostics: mistakes)) }
        let files = StaticFiles(StaticFiles.embedded.merging(replacements.files) { $1 })
        self.files = files

        let (file, bytes) = replacements.apps ?? ("apps.yaml", PackageResources.apps_yaml)
        let apps = AppReader.read(bytes, file: file) { files.isImage($0) }
        if case .failure(let error) = apps { errors.append(error) }
        do {
            templates = try TemplateSet(replacing: replacements.templates, hasText: Self.hasText)
        } catch {
            errors.append(error)
            throw PageFileErrors(diagnostics: errors.flatMap(\.diagnostics).sorted())
        }
        guard case .success(let list) = apps, errors.isEmpty else {
            throw PageFileErrors(diagnostics: errors.flatMap(\.diagnostics).sorted())
        }
        self.apps = list
    }

    /// Whether templates can have a text of that name: one that depends on no number.
    static func hasText(_ name: String) -> Bool { TextKey(named: name).map { !$0.isPlural } ?? false }

    func words(_ language: Int) -> SpokenValues { SpokenValues(texts: languages[language], zones: zones) }

    /// The page of a shape, made at the first request.
    func page(_ shape: PageShape) -> CompiledPage {
        if let page = knownPage(shape) { return page }
        // Two threads may do it at once, with the same result.
        let page = compile(shape)
        pages.withLock { $0.add(page, for: shape) }
        return page
    }

    /// The page of a shape, if it was made.
    func knownPage(_ shape: PageShape) -> CompiledPage? { pages.withLock { $0.page(shape) } }

    /// The page of a shape, made.
    func compile(_ shape: PageShape) -> CompiledPage {
        let sentinels = Sentinels()
        let values = TemplateValues(shape: shape, design: self, sentinels: sentinels).all
        return sentinels.compile(templates.render(shape.template, values))
    }
}

/// Compiled pages within a bound: those used lately, and those used before.
struct PageCache {
    private var recent: [PageShape: CompiledPage] = [:]
    private var older: [PageShape: CompiledPage] = [:]
    private var recentCost = 0

    /// About how much memory compiled pages take at most, in bytes.
    static let limit = 33_554_432

    mutating func page(_ shape: PageShape) -> CompiledPage? {
        if let page = recent[shape] { return page }
        guard let page = older.removeValue(forKey: shape) else { return nil }
        add(page, for: shape)
        return page
    }

    mutating func add(_ page: CompiledPage, for shape: PageShape) {
        if recentCost + page.cost > Self.limit / 2, !recent.isEmpty {
            older = recent
            recent = [:]
            recentCost = 0
        }
        if recent.updateValue(page, forKey: shape) == nil { recentCost += page.cost }
    }

    var cost: Int { recentCost + older.values.reduce(0) { $0 + $1.cost } }
}
