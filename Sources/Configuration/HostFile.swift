import Text
import XMPP
import YAML

/// A host's file as it was last read. It is shared by the loads for as long as the file stays as it is.
final class HostFile: Sendable {
    /// The file's name, without its directory.
    let name: String
    /// The file's path, as messages name it.
    let path: String
    /// The host that the file's name gives; `nil` when it gives none.
    let host: String?
    /// What the file says; `nil` when it cannot be read or is not YAML.
    let settings: HostSettings?
    /// What is wrong with the file by itself.
    let diagnostics: [Diagnostic]
    /// Identifies its content; `nil` when it was not read.
    let content: ContentDigest?
    /// The file's stamp when it was read; `nil` when it has to be read again in any case.
    let stamp: FileStamp?
    /// Why nothing may be quoted from the file; `nil` when it may be, or was not read.
    let withheld: Withholding?

    /// A database and other files are named after the host; with their suffixes they must stay below 255 bytes.
    static let longestHost = 240

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: The path to name in messages.
    ///   - user: The user for whom the file is checked, when that is not the one who reads it.
    init(name: String, path: String, in directory: CInt, now: Int64, for user: DaemonUser?) {
        self.name = name
        self.path = path
        var report = DiagnosticReport(file: path)
        host = Self.host(ofFile: name, report: &report)
        do {
            let file = try FileReader.readConfiguration(
                name, in: directory, limit: YAMLReader.largestFile, readsLinksOfOthers: false)
            stamp = file.stamp.isSettled(at: now) ? file.stamp : nil
            withheld = file.withheld
            content = ContentDigest(file.bytes)
            settings = Self.read(file.bytes, host: host, report: &report)
            if let withheld { report.withhold(withheld.mistakes) }
        } catch {
            stamp = nil
            withheld = nil
            content = nil
            settings = nil
            report.add(.start, error.message(path, for: user))
        }
        diagnostics = report.sorted
    }

    /// A file that is known to hold these bytes. The file itself is read again at the next load.
    ///
    /// - Parameter path: The path to name in messages.
    init(path: String, bytes: [UInt8]) {
        name = Path.name(of: path)
        self.path = path
        stamp = nil
        withheld = nil
        content = ContentDigest(bytes)
        var report = DiagnosticReport(file: path)
        host = Self.host(ofFile: name, report: &report)
        settings = Self.read(bytes, host: host, report: &report)
        diagnostics = report.sorted
    }

    /// A file that is not read because of its name.
    init(misnamed name: String, path: String, message: String) {
        self.name = name
        self.path = path
        host = nil
        settings = nil
        stamp = nil
        withheld = nil
        content = nil
        diagnostics = [Diagnostic(location: SourceLocation(file: path, mark: .start), message: message)]
    }

    /// The place of a setting; the beginning of the file when it is not there.
    ///
    /// Inlined, it makes the optimizer of Swift 6.3.1 give up with "Found outside of lifetime use".
    @inline(never) func location(of key: HostKey) -> SourceLocation {
        SourceLocation(file: path, mark: settings?.mark(of: key) ?? .start)
    }

    private static func host(ofFile name: String, report: inout DiagnosticReport) -> String? {
        // By bytes: to Swift, the dot can be one character with what precedes it.
        let stem = String(Substring(name.utf8.dropLast(".yaml".utf8.count)))
        do {
            let jid = try JID(stem)
            guard jid.isDomain else {
                report.add(.start, "the file's name is not a domain and \".yaml\", such as example.com.yaml")
                return nil
            }
            guard jid.domain.utf8.count <= longestHost else {
                report.add(.start, "the host's name is longer than \(longestHost) bytes")
                return nil
            }
            return jid.domain
        } catch {
            report.add(
                .start, "the file's name is not a domain and \".yaml\", such as example.com.yaml: \(error)")
            return nil
        }
    }

    private static func read(_ bytes: [UInt8], host: String?, report: inout DiagnosticReport) -> HostSettings? {
        guard let node = YAMLReader.read(bytes, report: &report) else { return nil }
        if node.kind == .null {
            report.add(
                node.mark,
                """
                this file says nothing, like one that was cut off; if the host is to have all defaults, write `{}` or one \
                of its settings
                """)
            return HostSettings()
        }
        let settings = HostSettings(node, of: host, report: &report)
        check(settings, agreesWith: host, report: &report)
        return settings
    }

    private static func check(_ settings: HostSettings, agreesWith host: String?, report: inout DiagnosticReport) {
        guard let said = settings.host, let mark = settings.mark(of: .host), let host, said != host else { return }
        let name = "\(said).yaml".quoted
        report.add(
            mark,
            "`host` is \(said.quoted), but the file's name says \(host.quoted); name the file \(name) or leave `host` out"
        )
    }
}
