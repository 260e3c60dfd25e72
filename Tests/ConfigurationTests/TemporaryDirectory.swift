import Foundation

@testable import Configuration

/// A directory that goes away with its last user.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/invited-configuration-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        path = String(cString: made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String) throws {
        try write(Array(text.utf8), to: name)
    }

    /// Writes in place, as `cat >` does.
    func write(_ bytes: [UInt8], to name: String) throws {
        try makeDirectory(Path.directory(of: name))
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: Path.join(path, name), withIntermediateDirectories: true)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    /// Writes a daemon's file without mistakes.
    func writeDaemonFile(defaults: String = "{}") throws {
        try write(
            "component: {jid: invites.host.example, secret: hunter2}\ndefaults: \(defaults)\n", to: "invited.yaml")
        try makeDirectory("config.d")
    }

    func loader(credentialsDirectory: String? = nil) -> ConfigurationLoader {
        ConfigurationLoader(file: "\(path)/invited.yaml", credentialsDirectory: credentialsDirectory)
    }

    /// The diagnostics as people read them, with paths as seen from here.
    func text(_ diagnostics: [Diagnostic]) -> [String] {
        diagnostics.map { $0.description.replacingOccurrences(of: "\(path)/", with: "") }
    }
}

extension LoadedConfiguration {
    /// Whether what is said about mistakes agrees with what is offered for use.
    var isConsistent: Bool {
        let refusals = refused.flatMap(\.diagnostics)
        return diagnostics == diagnostics.sorted()
            && refused.allSatisfy { !$0.diagnostics.isEmpty }
            && Set(refusals).isSubset(of: diagnostics)
            && (daemon != nil || (hosts.isEmpty && refusals.count < diagnostics.count))
            && diagnostics.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.description.contains("\n") }
    }
}
