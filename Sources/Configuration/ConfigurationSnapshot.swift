import Foundation
package import Invites
import Shell
import Text
import XMPP
package import YAML

/// What the files said of hosts and roles when they were applied, stored so that it can run again.
package struct ConfigurationSnapshot: Hashable, Sendable {
    /// The numbers that snapshots have. The last one is never reached; a file with a higher one was damaged.
    package static let numbers = 1...Int(Int32.max)

    package var header: Header
    package private(set) var hosts: [String: HostConfiguration]
    /// The roles at the control socket.
    package let shell: ShellConfiguration
    /// Where pages and metrics are.
    package private(set) var http: HTTPConfiguration

    /// All that is to be known of a snapshot without reading it.
    package struct Header: Hashable, Sendable {
        /// Counted from 1, in the order in which they came into force first.
        package let number: Int
        /// The snapshot that ran before; `nil` when none is known. It need not be the one with the number before.
        package let before: Int?
        package let time: Timestamp
        /// Who or what applied it.
        package let by: String
        package let hostCount: Int
        /// What the files were that it was made from.
        package let files: Fingerprint
    }

    package init(
        number: Int, before: Int? = nil, time: Timestamp, by: String, files: Fingerprint,
        hosts: [String: HostConfiguration], shell: ShellConfiguration, http: HTTPConfiguration = HTTPConfiguration()
    ) {
        header = Header(
            number: number, before: before, time: time, by: by, hostCount: hosts.count, files: files)
        self.hosts = hosts
        self.shell = shell
        self.http = http
    }

    /// Reads the files that it names and does not hold: they are as they are now. It waits for the disk.
    ///
    /// - Returns: What is wrong with them; then there is nothing of them.
    /// - Parameter directory: That of the hosts' files.
    package mutating func readNamedFiles(in directory: String) -> [Diagnostic] {
        var mistakes = http.readPages()
        var named = NamedFiles(directory: directory)
        for (name, host) in hosts where host.pages.namesFiles {
            mistakes += named.fill(&hosts[name, default: host].pages, now: FileStamp.now()) { key in
                SourceLocation(file: "\(name).yaml", mark: .start)
            }
        }
        return mistakes
    }

    /// Why a snapshot cannot be read.
    package struct Damage: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        package init(_ description: String) {
            self.description = description
        }
    }
}

// MARK: - On disk

/// A line of JSON for the header, one for each role, and one for each host, which is also a line of YAML and read by the
/// same rules as the hosts' files.
extension ConfigurationSnapshot {
    /// The header with what shows that the lines below it are what was written.
    fileprivate struct HeaderLine: Codable {
        var format = HeaderLine.latestFormat
        let number: Int
        let before: Int?
        let time: Int64
        let by: String
        let hosts: Int
        let roles: Int?
        let files: String
        let checksum: String
        let web: String?
        let metrics: String?

        /// In the first one, fingerprints were made in another way.
        static let latestFormat = 2

        var form: CanonicalText.Form { format == 1 ? .first : .present }
    }

    fileprivate struct RoleLine: Codable {
        let users: [String]
        let groups: [String]
        let role: String
        let hosts: [String]?
    }

    /// The text of the file.
    package var bytes: [UInt8] {
        let line = HeaderLine(
            number: header.number, before: header.before, time: header.time.millisecondsSinceEpoch, by: header.by,
            hosts: hosts.count, roles: shell.roles.count,
            files: header.files.description, checksum: Fingerprint(hosts, shell, http).description,
            web: http.value(of: HTTPConfiguration.webKey), metrics: http.value(of: HTTPConfiguration.metricsKey))
        var bytes = Self.jsonLine(line)
        for grant in shell.roles { bytes += Self.jsonLine(RoleLine(grant)) }
        var members = SettingTexts { $1.jsonMember($0) }
        for name in hosts.keys.sorted() {
            guard let host = hosts[name] else { continue }
            members.write(host, to: &bytes)
            bytes.append(contentsOf: "}\n".utf8)
        }
        return bytes
    }

    private static func jsonLine(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and integers can always be written.
        return ((try? encoder.encode(value)).map { [UInt8]($0) } ?? []) + [UInt8(ascii: "\n")]
    }

    /// Reads the text of a file.
    package init(reading bytes: [UInt8]) throws(Damage) {
        try self.init(unchecked: bytes)
        let line = try Self.headerLine(of: bytes)
        guard Fingerprint(hosts, shell, http, in: line.form).description == line.checksum else {
            throw Damage("it is not what was written")
        }
    }

    /// Reads the text of a file, whatever its checksum.
    init(unchecked bytes: [UInt8]) throws(Damage) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let line = try Self.headerLine(lines.first)
        var hosts: [String: HostConfiguration] = [:]
        hosts.reserveCapacity(lines.count)
        let roleLines = lines.dropFirst().prefix(max(line.roles ?? 0, 0))
        let roles = try roleLines.map { text throws(Damage) in try Self.grant(text) }
        for text in lines[roleLines.endIndex...] {
            var report = DiagnosticReport(file: "")
            let settings = YAMLReader.read(Array(text), report: &report).map { HostSettings($0, report: &report) }
            guard report.isEmpty, let settings, let host = settings.host else {
                throw Damage(report.sorted.first?.message ?? "a host has no name")
            }
            hosts[host] = HostConfiguration(host: host, settings: settings, defaults: HostSettings())
        }
        shell = ShellConfiguration(roles: roles)
        http = try Self.http(line)
        self.hosts = hosts
        header = Header(line)
    }

    /// Reads the header from the beginning of a file.
    package static func header(reading bytes: [UInt8]) throws(Damage) -> Header {
        Header(try headerLine(of: bytes))
    }

    private static func headerLine(of bytes: [UInt8]) throws(Damage) -> HeaderLine {
        try headerLine(bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first)
    }

    private static func http(_ line: HeaderLine) throws(Damage) -> HTTPConfiguration {
        var report = DiagnosticReport(file: "")
        var settings = HTTPSettings()
        func read(_ text: String?) -> YAMLNode? { text.flatMap { YAMLReader.read(Array($0.utf8), report: &report) } }
        if let node = read(line.web) { settings.readWeb(node, at: .start, report: &report) }
        if let node = read(line.metrics) { settings.readMetrics(node, report: &report) }
        // What was written has absolute paths.
        let http = settings.configuration(relativeTo: "/", report: &report)
        if let first = report.sorted.first { throw Damage(first.message) }
        return http
    }

    private static func grant(_ text: ArraySlice<UInt8>) throws(Damage) -> RoleGrant {
        guard let line = try? JSONDecoder().decode(RoleLine.self, from: Data(text)),
            let role = Role(rawValue: line.role)
        else {
            throw Damage("a role cannot be read")
        }
        return RoleGrant(users: line.users, groups: line.groups, role: role, hosts: line.hosts.map { Set($0) })
    }

    private static func headerLine(_ text: ArraySlice<UInt8>?) throws(Damage) -> HeaderLine {
        guard let text, let line = try? JSONDecoder().decode(HeaderLine.self, from: Data(text)),
            numbers.contains(line.number)
        else {
            throw Damage("it does not begin with a header")
        }
        guard (1...HeaderLine.latestFormat).contains(line.format) else {
            throw Damage("a newer version of invited wrote it")
        }
        return line
    }
}

extension ConfigurationSnapshot.Header {
    fileprivate init(_ line: ConfigurationSnapshot.HeaderLine) {
        number = line.number
        before = line.before
        time = Timestamp(millisecondsSinceEpoch: line.time)
        by = line.by
        hostCount = line.hosts
        files = Fingerprint(line.files)
    }
}

extension ConfigurationSnapshot.RoleLine {
    fileprivate init(_ grant: RoleGrant) {
        users = grant.users
        groups = grant.groups
        role = grant.role.rawValue
        hosts = grant.hosts?.sorted()
    }
}

extension HostConfiguration {
    /// A member of the line, with its separator; nothing where there is no value. The host is the first.
    fileprivate func jsonMember(_ key: HostKey) -> [UInt8] {
        hostValue(of: key).map { Array("\(key == .host ? "{" : ",")\"\(key)\":\(Self.json($0))".utf8) } ?? []
    }

    private static func json(_ value: HostValue) -> String {
        switch value {
        case .flag, .number: "\(value)"
        case .text(let text): json(text)
        case .list(let items): "[\(items.map { json($0) }.joined(separator: ","))]"
        }
    }

    /// Checked settings hold no control characters, so there is nothing else to escape. Scalar by scalar: to Swift, a quote
    /// and an accent after it are one character, which is no quote.
    private static func json(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "\"": json.unicodeScalars.append(contentsOf: ["\\", scalar])
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
