import Glibc
import Pages
import Text
import YAML

/// Reads the daemon's file and all hosts' files, and checks them one by one and against each other.
///
/// A loader caches what it read: loading again takes one `stat` of each file, and reads those that changed.
package struct ConfigurationLoader: Sendable {
    /// The path of the daemon's file.
    package let file: String
    private let credentialsDirectory: String?
    private let user: DaemonUser?
    private let wallClock: @Sendable () -> Int64
    private var directory: HostDirectory
    /// What was loaded last.
    private var last: (hosts: [String: HostConfiguration], sum: HostSum) = ([:], HostSum([:]))
    /// The provider's own files for pages as they were when they were good last.
    private var lastPages: ProvidedPages?
    /// The files that hosts name.
    private var named = NamedFiles(directory: "")

    /// Where the hosts' files were at the last load.
    package var hostsDirectory: String { directory.path }

    /// - Parameters:
    ///   - file: The path of the daemon's file, `invited.yaml`.
    ///   - credentialsDirectory: The value of `CREDENTIALS_DIRECTORY` when systemd set it.
    ///   - user: The user whose rights the process has assumed, to check the files for another process. A remedy is
    ///     then reported for what that user may not read, and a secret is read as root. The path has to be absolute.
    package init(file: String, credentialsDirectory: String?, user: DaemonUser? = nil) {
        self.init(file: file, credentialsDirectory: credentialsDirectory, user: user, wallClock: FileStamp.now)
    }

    /// - Parameter wallClock: The clock that the file system's time stamps are compared with, in nanoseconds since
    ///   1970.
    init(
        file: String, credentialsDirectory: String?, user: DaemonUser? = nil, wallClock: @escaping @Sendable () -> Int64
    ) {
        self.file = file
        self.credentialsDirectory = credentialsDirectory
        self.user = user
        self.wallClock = wallClock
        directory = HostDirectory(path: "")
    }

    /// Reads and checks everything. It does not fail: what is wrong is in the result, all of it.
    package mutating func load() -> LoadedConfiguration {
        var report = DiagnosticReport(file: file)
        let (settings, withheld) = readDaemonFile(report: &report)
        let (pages, pageMistakes) = readPages(settings?.http)
        let daemon = settings?.configuration(
            relativeTo: Path.directory(of: file), credentialsDirectory: credentialsDirectory, user: user, pages: pages,
            report: &report)
        let scan = scanHosts(settings: settings, report: &report)
        if let withheld { report.withhold(withheld.mistakes) }
        let isDaemonGood = report.isEmpty

        let component = settings?.jid.map { ($0.value, SourceLocation(file: file, mark: $0.mark)) }
        let web = settings?.http.base.map { ($0.value, SourceLocation(file: file, mark: $0.mark)) }
        let conflicts = HostConflicts(files: scan.files, component: component, web: web).find()
        let defaults = settings?.defaults ?? HostSettings()
        var hosts: [String: HostConfiguration] = [:]
        var filesByHost: [String: HostFile] = [:]
        var refused: [RefusedHost] = []
        if isDaemonGood {
            hosts.reserveCapacity(scan.files.count)
            filesByHost.reserveCapacity(scan.files.count)
        }
        named.begin(in: hostsDirectory)
        for (index, hostFile) in scan.files.enumerated() {
            let mistakes = hostFile.diagnostics + (conflicts[index] ?? [])
            if !mistakes.isEmpty {
                refused.append(
                    RefusedHost(
                        host: hostFile.host, file: hostFile.path, diagnostics: mistakes.sorted(),
                        content: hostFile.content))
            } else if isDaemonGood, let host = hostFile.host, let settings = hostFile.settings {
                var configuration = HostConfiguration(host: host, settings: settings, defaults: defaults)
                let mistakes = readNamedFiles(of: &configuration, hostFile, defaults)
                if mistakes.isEmpty {
                    hosts[host] = configuration
                    filesByHost[host] = hostFile
                } else {
                    refused.append(
                        RefusedHost(
                            host: host, file: hostFile.path, diagnostics: mistakes.sorted(), content: hostFile.content))
                }
            }
        }
        named.end()
        if isDaemonGood { last = (hosts, last.sum.changed(from: last.hosts, to: hosts)) }
        return LoadedConfiguration(
            daemon: isDaemonGood ? daemon : nil,
            hosts: hosts,
            refused: refused,
            diagnostics: (report.sorted + pageMistakes + refused.flatMap(\.diagnostics)).sorted(),
            pageMistakes: pageMistakes,
            notes: report.notes,
            filesRead: scan.filesRead,
            defaults: defaults,
            daemonFile: file,
            filesByHost: filesByHost,
            hostSum: isDaemonGood ? last.sum : nil)
    }

    private mutating func readNamedFiles(
        of configuration: inout HostConfiguration, _ file: HostFile, _ defaults: HostSettings
    ) -> [Diagnostic] {
        guard configuration.pages.namesFiles else { return [] }
        let daemonFile = self.file
        return named.fill(&configuration.pages, now: wallClock()) { key in
            if file.settings?.mark(of: key) == nil, let mark = defaults.mark(of: key) {
                return SourceLocation(file: daemonFile, mark: mark)
            }
            return file.location(of: key)
        }
    }

    /// Reads the provider's own files for pages. Their mistakes affect no other file: a start ignores them.
    private mutating func readPages(_ http: HTTPSettings?) -> (ProvidedPages?, mistakes: [Diagnostic]) {
        let sources = http?.pageSources(relativeTo: Path.directory(of: file)) ?? PageSources()
        guard let http, !sources.isEmpty else { return (nil, []) }
        var report = DiagnosticReport(file: file)
        for (key, path) in [
            (WebKey.templates, sources.templates), (.texts, sources.texts), (.apps, sources.apps),
        ] {
            guard let path, let mark = http.sources[key]?.mark else { continue }
            do throws(FileProblem) {
                let kind = try FileReader.status(path).st_mode & S_IFMT
                if key != .apps, kind != S_IFDIR {
                    report.add(mark, "`\(key.rawValue)` \(path.quoted) is no directory")
                }
            } catch {
                report.add(
                    mark,
                    "`\(key.rawValue)` \(path.quoted) \(error.message(path, isDirectory: key != .apps, for: user))")
            }
        }
        guard report.isEmpty else { return (nil, report.sorted) }
        do throws(PageFileErrors) {
            let pages = try ProvidedPages(reading: sources, last: lastPages)
            lastPages = pages
            return (pages, [])
        } catch {
            return (nil, error.diagnostics)
        }
    }

    /// - Returns: What the file says, and why none of it may be quoted.
    private func readDaemonFile(report: inout DiagnosticReport) -> (DaemonSettings?, withheld: Withholding?) {
        do {
            // Users who may replace this file can name any directory in it: to refuse their links would gain nothing.
            let read = try FileReader.readConfiguration(
                file, limit: YAMLReader.largestFile, readsLinksOfOthers: true)
            let settings = YAMLReader.read(read.bytes, report: &report).map { DaemonSettings($0, report: &report) }
            return (settings, read.withheld)
        } catch {
            report.add(.start, error.message(file, for: user))
            return (nil, nil)
        }
    }

    /// Reads the hosts' files even when the daemon's file is bad, so that one run shows all mistakes there are.
    private mutating func scanHosts(settings: DaemonSettings?, report: inout DiagnosticReport) -> HostDirectory.Scan {
        let path = (settings ?? DaemonSettings()).resolvedHostsDirectory(relativeTo: Path.directory(of: file))
        if path != directory.path { directory = HostDirectory(path: path) }
        do {
            return try directory.scan(now: wallClock(), for: user)
        } catch {
            // Where the daemon's file could not be read, the directory is only a guess.
            if let settings {
                let message = error.message(path, isDirectory: true, for: user)
                report.add(settings.hostsDirectory?.mark ?? .start, "`hosts_directory` \(path.quoted) \(message)")
            }
            return HostDirectory.Scan(files: [], filesRead: 0)
        }
    }
}
