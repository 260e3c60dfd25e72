import Foundation

/// One version of a server, installed or unpacked from its package into a directory.
struct ServerFiles: Sendable, CustomStringConvertible {
    let name: String
    let version: String
    /// What the package was unpacked into: `/` where it is installed.
    let root: URL

    static let installed = URL(filePath: "/")

    var isInstalled: Bool { root.path == Self.installed.path }

    /// For a heading or a table.
    var description: String { "\(name) \(version)" }

    /// The Prosody that a directory has, with its modules.
    static func prosody(in directory: URL) throws -> ServerFiles {
        let root = directory.resolvingSymlinksInPath()
        let files = root.appending(path: "usr/lib/prosody")
        let program = root.appending(path: "usr/bin/prosody")
        guard let version = try? String(contentsOf: files.appending(path: "prosody.version"), encoding: .utf8),
            let text = try? String(contentsOf: program, encoding: .utf8)
        else { throw BenchError("there is no Prosody in \(root.path)") }
        // Otherwise this would be a program that runs another version's files.
        let written = text.firstMatch(of: #/(?m)^CFG_SOURCEDIR='(.*)'/#).map { URL(filePath: String($0.1)) }
        guard written?.resolvingSymlinksInPath() == files.resolvingSymlinksInPath() else {
            throw BenchError("\(program.path) does not run the files beside it; scripts/lib/newer-servers shows how")
        }
        let modules = try FileManager.default.contentsOfDirectory(atPath: files.appending(path: "modules").path)
        guard modules.contains(where: { $0.hasPrefix("mod_delegation") }) else {
            throw BenchError("there is no mod_delegation in \(root.path): unpack prosody-modules, too")
        }
        return ServerFiles(
            name: "Prosody", version: version.trimmingCharacters(in: .whitespacesAndNewlines), root: root)
    }

    /// The ejabberd that a directory has. Debian's path to its code holds its version.
    static func ejabberd(in directory: URL) throws -> ServerFiles {
        let root = directory.resolvingSymlinksInPath()
        for code in ejabberdCode(in: root) {
            if let version = code.deletingLastPathComponent().lastPathComponent.firstMatch(of: #/^ejabberd-([0-9.]+)/#)
            {
                return ServerFiles(name: "ejabberd", version: String(version.1), root: root)
            }
        }
        throw BenchError("there is no ejabberd in \(root.path)")
    }

    /// Whether a module is installed, of Prosody's own or of those that its package contains from other sources.
    func hasModule(_ name: String) -> Bool {
        Self.entries(of: root.appending(path: "usr/lib/prosody/modules")).contains {
            ["mod_\(name)", "mod_\(name).lua"].contains($0.lastPathComponent)
        }
    }

    func program(_ name: String) -> URL { root.appending(path: "usr/bin").appending(path: name) }

    /// Erlang's, of ejabberd and its own libraries; what is not among them, the installed Erlang has.
    var codePaths: [URL] {
        let libraries = isInstalled ? [] : Self.entries(of: root.appending(path: "usr/lib/erlang/lib"))
        return Self.ejabberdCode(in: root) + libraries.map { $0.appending(path: "ebin") }
    }

    /// Where the headers are that a module of ejabberd includes.
    var includePaths: [URL] {
        let server = Self.ejabberdCode(in: root).map { $0.deletingLastPathComponent().appending(path: "include") }
        let libraries = Self.entries(of: root.appending(path: "usr/lib/erlang/lib"))
            .filter { $0.lastPathComponent.hasPrefix("p1_") }
        return server + libraries.map { $0.appending(path: "include") }
    }

    private static func ejabberdCode(in root: URL) -> [URL] {
        entries(of: root.appending(path: "usr/lib"))
            .flatMap(entries)
            .filter { $0.lastPathComponent.hasPrefix("ejabberd-") }
            .map { $0.appending(path: "ebin") }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// What is in a directory, by name; nothing where there is none, or where it may not be read.
    private static func entries(of directory: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.sorted().map { directory.appending(path: $0) }
    }
}
