internal import Languages

/// Where a provider's replacements of built-in files are: absolute paths.
package struct PageSources: Hashable, Sendable {
    /// A directory of templates, style sheet and images.
    package var templates: String?
    /// A directory of texts, a file a language.
    package var texts: String?
    /// The file of a list of apps.
    package var apps: String?

    package init(templates: String? = nil, texts: String? = nil, apps: String? = nil) {
        self.templates = templates
        self.texts = texts
        self.apps = apps
    }

    package var isEmpty: Bool { self == PageSources() }
}

/// What a provider's files make of pages, read and checked at one moment. Equal where the same was read.
package struct ProvidedPages: Hashable, Sendable {
    package let sources: PageSources
    package let design: PageDesign
    /// Identifies the contents of the files: 16 hexadecimal digits.
    package let digest: String

    /// Reads the files and checks them. It waits for the disk.
    ///
    /// - Parameter last: What was read last; where the files are as they were, nothing is made again.
    /// - Throws: ``PageFileErrors`` with every mistake in all of them.
    package init(reading sources: PageSources, last: ProvidedPages? = nil) throws(PageFileErrors) {
        let replacements = try PageDesign.Replacements(
            directory: sources.templates, apps: sources.apps, texts: sources.texts)
        self.sources = sources
        digest = replacements.digest
        if let last, last.sources == sources, last.digest == digest {
            design = last.design
        } else {
            design = try PageDesign(languages: .builtIn, replacements: replacements)
        }
    }

    package static func == (left: ProvidedPages, right: ProvidedPages) -> Bool {
        left.sources == right.sources && left.digest == right.digest
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(sources)
        hasher.combine(digest)
    }
}

extension PageDesign.Replacements {
    fileprivate var digest: String {
        var parts = templates.map { ($0.file, $0.bytes) } + texts.map { ($0.file, $0.bytes) }
        if let apps { parts.append((apps.file, apps.bytes)) }
        parts += files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        var bytes: [UInt8] = []
        for (name, content) in parts {
            bytes += Array("\(name)\0\(content.count)\0".utf8)
            bytes += content
        }
        return StaticFiles.hash(bytes)
    }
}
