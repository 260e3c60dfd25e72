internal import Glibc
internal import Runtime
internal import YAML

extension PageDesign.Replacements {
    /// What a provider has put into a directory: templates (`landing.mustache`), `apps.yaml`, `style.css`, and images for apps
    /// (`.svg`, `.png`); and into another one, texts (`de.yaml`). Other files are passed over.
    ///
    /// It waits for the disk.
    ///
    /// - Parameters:
    ///   - directory: Its path; `nil` for none.
    ///   - apps: The path of a list of apps elsewhere, which takes precedence over that in the directory.
    ///   - texts: The path of the directory of texts.
    /// - Throws: ``PageFileErrors`` with every file that cannot be used.
    package init(directory: String?, apps: String? = nil, texts: String? = nil) throws(PageFileErrors) {
        self.init()
        var diagnostics: [Diagnostic] = []
        func note(_ path: String, _ message: String) {
            diagnostics.append(Diagnostic(location: SourceLocation(file: path, line: 1, column: 1), message: message))
        }
        func read(_ path: String, atMost limit: Int) -> [UInt8]? {
            do {
                let file = try OpenFile(path, O_RDONLY)
                let bytes = try file.read(limit + 1, at: 0)
                if bytes.count <= limit { return bytes }
                note(path, "the file is larger than \(limit) bytes")
            } catch {
                note(path, "\(error)")
            }
            return nil
        }

        func list(_ directory: String) -> [String] {
            var names: [String] = []
            do { names = try Directory.names(in: directory).sorted() } catch { note(directory, "\(error)") }
            // What is left of editing is none of ours.
            names.removeAll { $0.hasPrefix(".") || $0.hasSuffix("~") }
            if names.count > Self.mostFiles {
                note(directory, "there are more than \(Self.mostFiles) files in the directory")
                return []
            }
            return names
        }

        for name in directory.map(list) ?? [] {
            let path = "\(directory ?? "")/\(name)"
            if name.hasSuffix(Self.template) {
                guard let bytes = read(path, atMost: TemplateChecker.largestFile) else { continue }
                templates.append(
                    TemplateSet.Source(name: String(name.dropLast(Self.template.utf8.count)), file: path, bytes: bytes))
            } else if name == Self.appList, apps == nil {
                self.apps = read(path, atMost: Self.largestFile).map { (path, $0) }
            } else if name == "style.css" || name.hasSuffix(".svg") || name.hasSuffix(".png") {
                guard Self.isPlain(name) else {
                    note(path, "the name of an image has other characters than a-z, A-Z, 0-9, ., _ and -")
                    continue
                }
                files[name] = read(path, atMost: Self.largestFile)
            }
        }
        if let texts {
            for name in list(texts) where name.hasSuffix(".yaml") {
                let path = "\(texts)/\(name)"
                if let bytes = read(path, atMost: Self.largestFile) { self.texts.append((path, bytes)) }
            }
        }
        if let apps { self.apps = read(apps, atMost: Self.largestFile).map { (apps, $0) } }
        guard diagnostics.isEmpty else { throw PageFileErrors(diagnostics: diagnostics.sorted()) }
    }

    private static let template = ".mustache"
    private static let appList = "apps.yaml"
    /// Of an image, a style sheet and a list of apps, in bytes.
    private static let largestFile = 262_144
    private static let mostFiles = 500

    private static func isPlain(_ name: String) -> Bool {
        name.utf8.count <= 100
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || ".-_".utf8.contains($0)
            }
    }
}
