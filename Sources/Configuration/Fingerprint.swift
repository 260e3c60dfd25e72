import CLibMD
import Invites
import Pages
import Shell
import XMPP

/// Identifies a configuration: SHA-256 over all its values. What has no effect, such as comments and the order of
/// lists and files, does not change it.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// 64 hexadecimal digits.
    package let description: String

    /// A fingerprint that was written down.
    package init(_ digits: String) {
        description = digits
    }

    /// The fingerprint of hosts' configurations, and of the roles.
    package init(
        _ hosts: [String: HostConfiguration], _ shell: ShellConfiguration,
        _ http: HTTPConfiguration = HTTPConfiguration()
    ) {
        self.init(hosts, shell, http, in: .present)
    }

    init(
        _ hosts: [String: HostConfiguration], _ shell: ShellConfiguration, _ http: HTTPConfiguration,
        in form: CanonicalText.Form
    ) {
        var text = CanonicalText(form: form)
        text.add(hosts)
        text.add(shell)
        text.add(http)
        self = text.fingerprint
    }

    /// The fingerprint of all hosts' files, and of the roles. Files that are refused count with what they hold, so that
    /// mending them is a change; what another version says of their mistakes is none.
    package init(_ loaded: LoadedConfiguration) {
        self.init(loaded, in: .present)
    }

    /// The fingerprint that the first version, whose snapshots and records may still be there, had for the same files.
    package static func ofFirstVersion(_ loaded: LoadedConfiguration) -> Fingerprint { Fingerprint(loaded, in: .first) }

    private init(_ loaded: LoadedConfiguration, in form: CanonicalText.Form) {
        var text = CanonicalText(form: form)
        if form == .present, let sum = loaded.hostSum { text.add(sum) } else { text.add(loaded.hosts) }
        for refused in loaded.refused {
            text.add(Path.name(of: refused.file))
            text.add(refused.content?.fields ?? [])
        }
        text.add(loaded.daemon?.shell ?? ShellConfiguration())
        text.add(loaded.daemon?.http ?? HTTPConfiguration())
        // What snapshots hold is where the files are, and not what is in them.
        if let pages = loaded.daemon?.http.web?.pages { text.add(pages.digest) }
        text.addFiles(of: loaded.hosts)
        self = text.fingerprint
    }

    /// The first 12 digits.
    var short: String { String(description.prefix(12)) }
}

/// Identifies the content of a file: half of its SHA-256.
struct ContentDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64)

    init(_ content: [UInt8]) {
        words = CanonicalText(content).withDigest { digest in
            (digest.loadUnaligned(as: UInt64.self), digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    static func == (left: ContentDigest, right: ContentDigest) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    var fields: [String] { [String(words.0), String(words.1)] }
}

/// A text that two values share only if they are equal, for a hash over it.
struct CanonicalText {
    /// How hosts are written.
    enum Form {
        /// Each setting that differs from the default, by its name: a new setting does not change the text of
        /// configurations that do not have it.
        case present
        case first
    }

    var bytes: [UInt8]
    private let form: Form

    init(_ bytes: [UInt8] = [], form: Form = .present) {
        self.bytes = bytes
        self.form = form
    }

    /// No field contains this byte: YAML does not allow it.
    private static let separator: UInt8 = 0

    mutating func add(_ field: String) {
        bytes.append(contentsOf: field.utf8)
        bytes.append(Self.separator)
    }

    mutating func add(_ fields: [String]) {
        add(String(fields.count))
        for field in fields { add(field) }
    }

    mutating func add(_ shell: ShellConfiguration) {
        add(String(shell.roles.count))
        for grant in shell.roles {
            add(grant.role.rawValue)
            add(grant.users)
            add(grant.groups)
            // Of no hosts is something else than of all.
            add(grant.hosts.map { ["hosts"] + $0.sorted() } ?? [])
        }
    }

    /// Nothing where there is nothing, as before there were such settings.
    mutating func add(_ http: HTTPConfiguration) {
        for key in [HTTPConfiguration.webKey, HTTPConfiguration.metricsKey] {
            guard let value = http.value(of: key) else { continue }
            add(key)
            add(value)
        }
    }

    mutating func add(_ hosts: [String: HostConfiguration]) { add(HostSum(hosts, in: form)) }

    /// What is in the files that hosts name; nothing where they name none.
    mutating func addFiles(of hosts: [String: HostConfiguration]) {
        for host in hosts.values.filter(\.pages.namesFiles).sorted(by: { $0.host < $1.host }) {
            add(host.host)
            add(host.pages.logo?.content?.name ?? "")
            add(host.pages.ownApps?.content?.digest ?? "")
        }
    }

    mutating func add(_ sum: HostSum) {
        add(String(sum.count))
        add(String(sum.words.0))
        add(String(sum.words.1))
    }

    /// The settings that there were, in the bytes that they were; never to be changed.
    mutating func addAsFirstVersion(_ configuration: HostConfiguration) {
        add(configuration.host)
        add(String(configuration.admins.count))
        if configuration.admins.count == 1, let admin = configuration.admins.first {
            add(admin)
        } else {
            for admin in configuration.admins.sorted(by: { $0.description < $1.description }) { add(admin) }
        }
        bytes.append(configuration.allowUserInvites ? 1 : 2)
        bytes.append(configuration.allowContactInvites ? 1 : 2)
        bytes.append(configuration.suspended ? 1 : 2)
        add(String(configuration.inviteExpiry.seconds))
        // Neither can be empty.
        add(configuration.serviceAddress ?? "")
        add(configuration.siteName ?? "")
    }

    private mutating func add(_ admin: JID) {
        add(admin.localpart ?? "")
        add(admin.domain)
    }

    /// Calls a body with the 32 bytes of the SHA-256.
    func withDigest<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        var context = SHA2_CTX()
        SHA256Init(&context)
        SHA256Update(&context, bytes, bytes.count)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(SHA256_DIGEST_LENGTH)) { digest in
            SHA256Final(digest.baseAddress, &context)
            return body(UnsafeRawBufferPointer(digest))
        }
    }

    var fingerprint: Fingerprint {
        let digits = Array("0123456789abcdef".utf8)
        return withDigest { digest in
            Fingerprint(
                String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))
        }
    }
}
