import Glibc
import Pages
import Text
import YAML

extension DaemonSettings {
    /// The systemd credential that may hold the component's secret.
    static let credentialName = "component-secret"
    /// What fits into `sockaddr_un` on Linux, without the final NUL.
    static let longestSocketPath = 107
    static let largestSecret = 4096

    /// Fills in the defaults and finds the secret; `nil`, with the reasons reported, when something is missing.
    ///
    /// The credential takes precedence over `secret` and `secret_file`: it is passed by the service manager, and the
    /// service's own user need not be able to read the file that a person's `invited check` reads.
    ///
    /// - Parameters:
    ///   - user: The user for whom root checks the file.
    ///   - pages: What the provider's own files are that `web` names, where they are good.
    func configuration(
        relativeTo directory: String, credentialsDirectory: String?, user: DaemonUser? = nil,
        pages: ProvidedPages? = nil, report: inout DiagnosticReport
    ) -> DaemonConfiguration? {
        let secret = findSecret(
            relativeTo: directory, credentialsDirectory: credentialsDirectory, user: user, report: &report)
        let socket = Path.join(directory, controlSocket?.value ?? DaemonConfiguration.standardControlSocket)
        if socket.utf8.count > Self.longestSocketPath {
            let limit = Self.longestSocketPath
            report.add(
                controlSocket?.mark ?? .start, "`control_socket` is longer than \(limit) bytes: \(socket.quoted)")
        }
        let http = http.configuration(relativeTo: directory, pages: pages, report: &report)
        guard let jid, let secret else { return nil }
        return DaemonConfiguration(
            component: .init(
                jid: jid.value, server: server?.value ?? .standard, secret: secret.value, secretSource: secret.source),
            stateDirectory: Path.join(directory, stateDirectory?.value ?? DaemonConfiguration.standardStateDirectory),
            hostsDirectory: resolvedHostsDirectory(relativeTo: directory),
            controlSocket: socket,
            shell: ShellConfiguration(roles: shell.roles), http: http)
    }

    func resolvedHostsDirectory(relativeTo directory: String) -> String {
        Path.join(directory, hostsDirectory?.value ?? DaemonConfiguration.standardHostsDirectory)
    }

    private func findSecret(
        relativeTo directory: String, credentialsDirectory: String?, user: DaemonUser?, report: inout DiagnosticReport
    ) -> (value: Secret, source: DaemonConfiguration.SecretSource)? {
        if let credentialsDirectory {
            let path = Path.join(credentialsDirectory, Self.credentialName)
            do {
                return (try Self.readSecret(path, for: user) { _ in }, .credential(path))
            } catch {
                if error.code != ENOENT {
                    let name = Self.credentialName
                    report.add(componentMark, "the credential `\(name)` at \(path.quoted) \(error.message)")
                    return nil
                }
            }
        }
        if let secretFile {
            let path = Path.join(directory, secretFile.value)
            do {
                let secret = try Self.readSecret(path, for: user) { user in
                    report.note(secretFile.mark, Self.note(path, for: user))
                }
                return (secret, .file(path))
            } catch {
                report.add(secretFile.mark, "`secret_file` \(path.quoted) \(error.message)")
                return nil
            }
        }
        if let secret { return (secret.value, .setting) }
        if !componentKeys.contains(.secret), !componentKeys.contains(.secretFile) {
            let ways = "set `secret_file` or `secret`, or give the service the credential `\(Self.credentialName)`"
            report.add(componentMark, "`component` has no secret: \(ways)")
        }
        return nil
    }

    /// Reads a secret, as root where the user for whom it is checked may not: so does systemd, which passes it on.
    ///
    /// - Parameter refused: Called when it was read as root.
    private static func readSecret(
        _ path: String, for user: DaemonUser?, refused: (DaemonUser) -> Void
    ) throws(FileProblem) -> Secret {
        do {
            return try readSecret(path)
        } catch {
            guard let user, error.code == EACCES else { throw error }
            let secret = try user.asRoot { Result { () throws(FileProblem) in try readSecret(path) } }.get()
            refused(user)
            return secret
        }
    }

    /// The note on a secret that the user may not read. It does not say whether the unit passes it on.
    private static func note(_ path: String, for user: DaemonUser) -> String {
        """
        `secret_file` \(path.quoted) was read as root: `\(user.name)` may not read it, and need not where the unit hands \
        it over as the credential `\(credentialName)`. Where none does, \
        \(AccessAdvice.text(path, isDirectory: false, for: user))
        """
    }

    private static func readSecret(_ path: String) throws(FileProblem) -> Secret {
        var bytes = try FileReader.read(path, limit: largestSecret).bytes
        // Some editors put a byte order mark before all that they write.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileProblem("is not UTF-8") }
        guard !text.isEmpty else { throw FileProblem("is empty") }
        guard text.isPrintable else { throw FileProblem("holds more than one line of text") }
        return Secret(text)
    }
}
