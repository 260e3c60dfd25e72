import Foundation

/// ejabberd's module, compiled for one version of it.
struct ErlangModule: Sendable {
    /// Where the compiled files are, readable for all users.
    let directory: URL

    /// - Parameter source: The directory of the module, with `src` below it.
    init(_ source: URL, for files: ServerFiles, scratch: Scratch) async throws {
        directory = try scratch.directory("mod_invited-\(files.version)")
        let sources = try FileManager.default.contentsOfDirectory(
            at: source.appending(path: "src"), includingPropertiesForKeys: nil)
        let compiler = try ChildProcess(
            "/usr/bin/erlc",
            ["-o", directory.path] + files.includePaths.flatMap { ["-I", $0.path] }
                + files.codePaths.flatMap { ["-pa", $0.path] } + sources.map(\.path),
            log: scratch.root.appending(path: "erlc.log"))
        await compiler.end()
        let compiled = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        guard compiled.count == sources.count else {
            throw BenchError("\(source.path) cannot be compiled for \(files): \(compiler.lastWords)")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
    }
}
