import Foundation
import Invites
import Languages
import Testing
import YAML

@testable import Pages

/// Providers' files that replace built-in ones.
@Suite struct ReplacementTests {
    private func withDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "invited-pages-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        try body(directory.path)
    }

    private func mistakes(_ directory: String) -> [String] {
        do {
            _ = try PageDesign(languages: .builtIn, replacements: PageDesign.Replacements(directory: directory))
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    private func problem(_ design: PageDesign) -> String {
        let samples = Samples()
        let page = PageRenderer(design).render(.problem(.used), of: samples.site, for: samples.visitor())
        return String(decoding: page.body, as: UTF8.self)
    }

    @Test func aDirectoryReplacesSomeAndLeavesTheRest() throws {
        let files = [
            "foot.mustache": "<p>{{>mine}}</p></main></body></html>\n", "mine.mustache": "Ours, {{site.name}}",
            "style.css": "p{color:red}",
            "own.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>", ".hidden.mustache": "{{", "README": "{{",
            "old.mustache~": "{{",
            "apps.yaml": "- {name: Ours, image: own.svg, platforms: [Android], link: https://ours.example/}\n",
        ]
        try withDirectory(files) { directory in
            let design = try PageDesign(
                languages: .builtIn, replacements: PageDesign.Replacements(directory: directory))
            #expect(problem(design).contains("<h1>This invitation has been used</h1>"))
            #expect(problem(design).contains("<p>Ours, Example Chat</p></main>"))
            let samples = Samples()
            let landing = PageRenderer(design).render(
                .landing(try samples.landing(.account)), of: samples.site, for: samples.visitor())
            let text = String(decoding: landing.body, as: UTF8.self)
            #expect(text.contains("/apps/ours\"") && !text.contains("/apps/conversations\""))
            let image = try #require(text.firstMatch(of: /"\/-\/static\/(own-[0-9a-f]+\.svg)"/))
            #expect(design.files.file(String(image.1))?.contentType == "image/svg+xml")
            let style = try #require(text.firstMatch(of: /"\/-\/static\/(style-[0-9a-f]+\.css)"/))
            #expect(design.files.file(String(style.1))?.body == Array("p{color:red}".utf8))
        }
    }

    @Test func everyMistakeIsNamedWithItsFile() throws {
        let files = [
            "landing.mustache": "\n  {{titel}}", "apps.yaml": "- {nam: x}", "foot.mustache": "<a href={{title}}>",
        ]
        try withDirectory(files) { directory in
            let found = mistakes(directory)
            #expect(
                found
                    == [
                        "\(directory)/apps.yaml:1:3: an app needs a `name`",
                        "\(directory)/apps.yaml:1:4: unknown key `nam` in an app; did you mean `name`?",
                        "\(directory)/foot.mustache:1:9: a value cannot stand in an attribute without quotes",
                        "\(directory)/landing.mustache:2:3: there is no value `titel` here; did you mean `title`?",
                    ].sorted())
        }
    }

    @Test func whatIsNoFileIsNamed() throws {
        #expect(
            mistakes("/nonexistent/pages") == [
                "/nonexistent/pages:1:1: cannot open /nonexistent/pages/.: No such file or directory"
            ])
        try withDirectory([:]) { directory in
            #expect(mkfifo(directory + "/foot.mustache", 0o600) == 0)
            #expect(symlink("/etc/passwd", directory + "/x.svg") == 0)
            try FileManager.default.createDirectory(
                atPath: directory + "/apps.yaml", withIntermediateDirectories: false)
            #expect(
                mistakes(directory)
                    == ["apps.yaml", "foot.mustache", "x.svg"].map {
                        "\(directory)/\($0):1:1: it is not a regular file"
                    })
        }
        let large = String(repeating: "x", count: 262_145)
        try withDirectory(["foot.mustache": large, "a b.svg": "x"]) { directory in
            #expect(
                mistakes(directory) == [
                    "\(directory)/a b.svg:1:1: the name of an image has other characters than a-z, A-Z, 0-9, ., _ and -",
                    "\(directory)/foot.mustache:1:1: the file is larger than 262144 bytes",
                ])
        }
    }

    @Test func whatIsBrokenLeavesWhatRuns() throws {
        try withDirectory(["foot.mustache": "Ours</main></body></html>\n"]) { directory in
            let renderer = PageRenderer(
                try PageDesign(languages: .builtIn, replacements: PageDesign.Replacements(directory: directory)))
            try Data("{{nothing}}".utf8).write(to: URL(filePath: directory + "/foot.mustache"))
            #expect(throws: PageFileErrors.self) {
                renderer.design = try PageDesign(
                    languages: .builtIn, replacements: PageDesign.Replacements(directory: directory))
            }
            #expect(problem(renderer.design).contains("Ours"))
            try Data("Theirs</main></body></html>\n".utf8).write(to: URL(filePath: directory + "/foot.mustache"))
            renderer.design = try PageDesign(
                languages: .builtIn, replacements: PageDesign.Replacements(directory: directory))
            #expect(problem(renderer.design).contains("Theirs"))
        }
    }
}
