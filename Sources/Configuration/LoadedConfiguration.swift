package import YAML

/// All files, read and checked at one moment.
package struct LoadedConfiguration: Sendable {
    /// What the daemon's file says; `nil` when it has a mistake. Then nothing is to be run or changed from this load:
    /// no host is complete without valid defaults, and ``hosts`` is empty.
    package let daemon: DaemonConfiguration?
    /// The hosts whose files are good, by their names.
    package let hosts: [String: HostConfiguration]
    /// The files that are not used, ordered by name.
    package let refused: [RefusedHost]
    /// Every mistake in every file, ordered by file, line and column; empty when all is well.
    package let diagnostics: [Diagnostic]
    /// Those of them that are in the provider's own files for pages.
    package internal(set) var pageMistakes: [Diagnostic] = []
    /// What is no mistake, but matters where the files are checked for another user.
    package internal(set) var notes: [Diagnostic] = []
    /// How many hosts' files were opened; all others are as they were at the load before.
    package let filesRead: Int

    let defaults: HostSettings
    let daemonFile: String
    let filesByHost: [String: HostFile]
    /// What stands for ``hosts``, where it is known.
    var hostSum: HostSum?

    /// The origin of a host's setting; `nil` for a host that is not in ``hosts``.
    ///
    /// The host's name itself comes from its file's name where the file does not have `host`: then that is the
    /// beginning of the file.
    package func origin(of key: HostKey, for host: String) -> SettingOrigin? {
        guard let file = filesByHost[host] else { return nil }
        if key == .host || file.settings?.mark(of: key) != nil { return .file(file.location(of: key)) }
        if let mark = defaults.mark(of: key) { return .file(SourceLocation(file: daemonFile, mark: mark)) }
        return .builtIn
    }
}

/// A host's file that is not used, and why.
package struct RefusedHost: Hashable, Sendable {
    /// The host, prepared, as the file's name gives it; `nil` when it gives none.
    package let host: String?
    /// The path of the file.
    package let file: String
    /// What is wrong with it, in order; never empty.
    package let diagnostics: [Diagnostic]
    /// Identifies its content; `nil` when it was not read.
    let content: ContentDigest?

    package init(host: String?, file: String, diagnostics: [Diagnostic]) {
        self.init(host: host, file: file, diagnostics: diagnostics, content: nil)
    }

    init(host: String?, file: String, diagnostics: [Diagnostic], content: ContentDigest?) {
        self.host = host
        self.file = file
        self.diagnostics = diagnostics
        self.content = content
    }
}
