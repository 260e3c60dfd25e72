import Foundation
import TestSupport
import YAML

@testable import Configuration

extension TemporaryDirectory {
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
    /// Whether the diagnostics agree with the hosts that are offered for use.
    var isConsistent: Bool {
        let refusals = refused.flatMap(\.diagnostics)
        return diagnostics == diagnostics.sorted()
            && refused.allSatisfy { !$0.diagnostics.isEmpty }
            && Set(refusals).isSubset(of: diagnostics)
            && (daemon != nil || (hosts.isEmpty && refusals.count < diagnostics.count))
            && diagnostics.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.description.contains("\n") }
    }
}
