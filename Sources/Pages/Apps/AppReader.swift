import Text
import YAML

/// Reads a list of apps: YAML, a list of mappings.
struct AppReader {
    private var report: DiagnosticReport
    /// Whether there is a logo of that name.
    private let hasImage: (String) -> Bool

    private init(report: DiagnosticReport, hasImage: @escaping (String) -> Bool) {
        self.report = report
        self.hasImage = hasImage
    }

    /// - Parameters:
    ///   - file: The path, for messages.
    ///   - hasImage: Whether there is an image of a name.
    /// - Returns: The apps, or what is wrong, with its place.
    static func read(
        _ bytes: [UInt8], file: String, hasImage: @escaping (String) -> Bool
    ) -> Result<AppList, PageFileErrors> {
        var report = DiagnosticReport(file: file)
        guard let node = YAMLReader.read(bytes, report: &report) else {
            return .failure(PageFileErrors(diagnostics: report.sorted))
        }
        var reader = AppReader(report: report, hasImage: hasImage)
        let apps = reader.list(node)
        guard reader.report.isEmpty else { return .failure(PageFileErrors(diagnostics: reader.report.sorted)) }
        return .success(AppList(apps: apps))
    }

    private mutating func list(_ node: YAMLNode) -> [App] {
        let nodes = items(of: node, "the file", wants: "a list of apps", atMost: AppList.most)
        var apps: [App] = []
        var marks: [String: SourceMark] = [:]
        for node in nodes {
            guard let app = app(node) else { continue }
            if let first = marks[app.id] {
                report.add(
                    node.mark, "an app \(app.id.quoted) is already at \(report.location(first)); give this one an `id`")
            }
            marks[app.id] = node.mark
            apps.append(app)
        }
        return apps
    }

    private enum Key: String, CaseIterable {
        case id, name, text, image, imagetext, alttext, link, platforms, download, setup
        case supportsPreauthURI = "supports_preauth_uri"
        case magicLinkFormat = "magic_link_format"
        case loginLinkFormat = "login_link_format"
        case selectText = "select_text"
    }

    private mutating func app(_ node: YAMLNode) -> App? {
        guard let fields = fields(of: node, Key.self, in: "an app") else { return nil }
        guard let nameNode = fields[.name], let name = text(nameNode, "name") else {
            if fields[.name] == nil { report.add(node.mark, "an app needs a `name`") }
            return nil
        }
        let id: String
        if let node = fields[.id] {
            guard let text = text(node, "id") else { return nil }
            guard Self.isID(text) else {
                report.add(
                    node.mark,
                    "`id` \(text.quoted) is none: a-z, 0-9 and -, not in front, 40 at most, and the name of no other page"
                )
                return nil
            }
            id = text
        } else {
            id = Self.id(ofName: name)
            guard Self.isID(id) else {
                report.add(node.mark, "the name \(name.quoted) makes no id; give the app an `id` of a-z, 0-9 and -")
                return nil
            }
        }
        var app = App(id: id, name: name, platforms: [], supportsPreauthURI: false, buttons: [])
        app.text = fields[.text].flatMap { localized($0, "text") }
        app.image = fields[.image].flatMap { image($0, "image") }
        app.imageText = (fields[.imagetext] ?? fields[.alttext]).flatMap { localized($0, "imagetext") }
        app.link = fields[.link].flatMap { url($0, "link") }
        app.platforms = fields[.platforms].map { platforms($0) } ?? []
        app.supportsPreauthURI = fields[.supportsPreauthURI].flatMap { flag($0, "supports_preauth_uri") } ?? false
        app.magicLink = fields[.magicLinkFormat].flatMap {
            format($0, "magic_link_format", hasLink: app.link != nil, hasButton: false)
        }
        app.loginLink = fields[.loginLinkFormat].flatMap {
            format($0, "login_link_format", hasLink: app.link != nil, hasButton: false)
        }
        app.selectText = fields[.selectText].flatMap { localized($0, "select_text") }
        if let node = fields[.download] { download(node, of: &app) }
        if let node = fields[.setup], let fields = self.fields(of: node, SetupKey.self, in: "`setup`") {
            app.setupText = fields[.text].flatMap { localized($0, "text", isLong: true) }
        }
        return app
    }

    private enum SetupKey: String, CaseIterable { case text }

    private enum DownloadKey: String, CaseIterable { case text, buttons }

    private enum ButtonKey: String, CaseIterable {
        case text, image, url, target, alttext
        case magicLinkFormat = "magic_link_format"
    }

    private mutating func download(_ node: YAMLNode, of app: inout App) {
        guard let fields = fields(of: node, DownloadKey.self, in: "`download`") else { return }
        app.downloadText = fields[.text].flatMap { localized($0, "text", isLong: true) }
        guard let buttons = fields[.buttons] else { return }
        for node in items(of: buttons, "`buttons`", wants: "a list of buttons", atMost: App.mostButtons) {
            guard let fields = self.fields(of: node, ButtonKey.self, in: "a button") else { continue }
            guard let urlNode = fields[.url], let url = url(urlNode, "url") else {
                if fields[.url] == nil { report.add(node.mark, "a button needs a `url`") }
                continue
            }
            var button = App.Button(url: url)
            button.text = fields[.text].flatMap { localized($0, "text") }
            button.image = fields[.image].flatMap { image($0, "image") }
            button.alternativeText = fields[.alttext].flatMap { localized($0, "alttext") }
            if fields[.text] == nil, fields[.alttext] == nil {
                report.add(node.mark, "a button needs a `text`, or with an image an `alttext`")
            }
            button.target = fields[.target].flatMap { target($0) }
            button.magicLink = fields[.magicLinkFormat].flatMap {
                format($0, "magic_link_format", hasLink: app.link != nil, hasButton: true)
            }
            app.buttons.append(button)
        }
    }

    // MARK: - Values

    private mutating func items(of node: YAMLNode, _ name: String, wants wanted: String, atMost most: Int) -> [YAMLNode]
    {
        guard case .sequence(let items) = node.content else {
            if node.kind != .refused {
                report.add(node.mark, "\(name) wants \(wanted), but this is \(node.kind.rawValue)")
            }
            return []
        }
        guard items.count <= most else {
            report.add(node.mark, "\(name) has \(items.count) items, and \(most) are the most")
            return []
        }
        return items
    }

    private mutating func fields<Key: RawRepresentable<String> & CaseIterable & Hashable>(
        of node: YAMLNode, _ keys: Key.Type, in name: String
    ) -> [Key: YAMLNode]? {
        guard case .mapping(let entries) = node.content else {
            if node.kind != .refused {
                report.add(node.mark, "\(name) wants a mapping, but this is \(node.kind.rawValue)")
            }
            return nil
        }
        var fields: [Key: YAMLNode] = [:]
        for entry in entries {
            guard case .scalar(let scalar) = entry.key.content, let key = Key(rawValue: scalar.text) else {
                let word =
                    if case .scalar(let scalar) = entry.key.content { scalar.text } else { entry.key.kind.rawValue }
                let meant = Suggestion.closest(to: word, among: keys.allCases.map(\.rawValue)).map {
                    "; did you mean `\($0)`?"
                }
                report.add(entry.key.mark, "unknown key \(word.quoted) in \(name)\(meant ?? "")")
                continue
            }
            if fields.updateValue(entry.value, forKey: key) != nil {
                report.add(entry.key.mark, "`\(key.rawValue)` is set twice")
            }
        }
        return fields
    }

    private mutating func text(_ node: YAMLNode, _ key: String, isLong: Bool = false) -> String? {
        guard case .scalar(let scalar) = node.content, scalar.kind != .null else {
            if node.kind != .refused {
                report.add(node.mark, "`\(key)` wants a text, but this is \(node.kind.rawValue)")
            }
            return nil
        }
        let most = isLong ? 4000 : 500
        let lines = isLong ? scalar.text.replacing("\n", with: " ") : scalar.text
        guard !scalar.text.isEmpty, scalar.text.utf8.count <= most, lines.isPrintable,
            !scalar.text.unicodeScalars.contains(where: Sentinels.marks.contains)
        else {
            report.add(node.mark, "`\(key)` is empty, longer than \(most) bytes, or holds a control character")
            return nil
        }
        return scalar.text
    }

    private mutating func localized(_ node: YAMLNode, _ key: String, isLong: Bool = false) -> LocalizedText? {
        guard case .mapping(let entries) = node.content else {
            return text(node, key, isLong: isLong).map(LocalizedText.init)
        }
        var texts: [String: String] = [:]
        for entry in entries {
            guard case .scalar(let scalar) = entry.key.content, Self.isLanguageTag(scalar.text) else {
                report.add(entry.key.mark, "`\(key)` has a text for each language, under tags such as `de` or `pt-BR`")
                continue
            }
            if let text = text(entry.value, key, isLong: isLong) { texts[scalar.text.lowercased()] = text }
        }
        if entries.isEmpty { report.add(node.mark, "`\(key)` has no text in any language") }
        return texts.isEmpty ? nil : LocalizedText(texts: texts)
    }

    private mutating func url(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = text(node, key) else { return nil }
        guard text.isWebURL else {
            report.add(node.mark, "`\(key)` \(text.quoted) is no URL that begins with https:// or http://")
            return nil
        }
        return text
    }

    private mutating func image(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = text(node, key) else { return nil }
        guard hasImage(text) else {
            report.add(
                node.mark,
                "`\(key)` \(text.quoted) is no image here: it is the name of one that comes along or, in the list of `web`, of an .svg or .png file in `templates`"
            )
            return nil
        }
        return text
    }

    private mutating func flag(_ node: YAMLNode, _ key: String) -> Bool? {
        if case .scalar(let scalar) = node.content, scalar.isPlain {
            if scalar.text == "true" { return true }
            if scalar.text == "false" { return false }
        }
        report.add(node.mark, "`\(key)` wants true or false")
        return nil
    }

    private mutating func target(_ node: YAMLNode) -> String? {
        guard let text = text(node, "target") else { return nil }
        guard ["_blank", "_self"].contains(text) else {
            report.add(node.mark, "`target` is _blank or _self")
            return nil
        }
        return text
    }

    private mutating func platforms(_ node: YAMLNode) -> [AppPlatform] {
        var platforms: [AppPlatform] = []
        for item in items(of: node, "`platforms`", wants: "a list such as [Android, iOS]", atMost: 16) {
            guard let text = text(item, "platforms") else { continue }
            if let platform = AppPlatform(rawValue: text.lowercased()) {
                if !platforms.contains(platform) { platforms.append(platform) }
            } else {
                let known = AppPlatform.allCases.map(\.name).joined(separator: ", ")
                report.add(item.mark, "\(text.quoted) is no platform that pages know; these are \(known)")
            }
        }
        return platforms
    }

    private mutating func format(_ node: YAMLNode, _ key: String, hasLink: Bool, hasButton: Bool) -> LinkFormat? {
        guard let text = text(node, key) else { return nil }
        do {
            let format = try LinkFormat(text)
            let used = format.pieces.compactMap { if case .placeholder(let name, _) = $0 { name } else { nil } }
            if used.contains(.appLink), !hasLink {
                report.add(node.mark, "`\(key)` uses {app.link}, and the app has no `link`")
                return nil
            }
            if used.contains(.buttonURL), !hasButton {
                report.add(node.mark, "`\(key)` uses {button.url}, which only a button has")
                return nil
            }
            return format
        } catch {
            report.add(node.mark, "`\(key)` \(text.quoted): \(error)")
            return nil
        }
    }

    /// Names of pages beside those of apps.
    private static let reserved: Set<String> = ["registration", "reset", "qr"]

    static func isID(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count) && !text.hasPrefix("-") && !reserved.contains(text)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }

    /// What mod_register_apps makes of a name: runs of other characters become a `-`.
    static func id(ofName name: String) -> String {
        var id = ""
        for byte in name.lowercased().utf8 {
            let isWord =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            if isWord { id.unicodeScalars.append(Unicode.Scalar(byte)) } else if id.last != "-" { id.append("-") }
        }
        return id
    }

    private static func isLanguageTag(_ text: String) -> Bool {
        (2...20).contains(text.utf8.count) && text.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
