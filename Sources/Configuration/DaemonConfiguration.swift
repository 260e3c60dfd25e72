package import XMPP

/// Everything that the daemon's own file says, checked and with all defaults filled in.
package struct DaemonConfiguration: Hashable, Sendable {
    /// The connection to the XMPP server (XEP-0114).
    package let component: Component
    /// The directory of the databases. Relative paths in the file are relative to the file.
    package let stateDirectory: String
    /// The directory of the hosts' files.
    package let hostsDirectory: String
    /// The path of the Unix socket for operators; at most 107 bytes, which is what Linux takes.
    package let controlSocket: String
    /// Who may do what at that socket.
    package let shell: ShellConfiguration
    /// Where pages and metrics are.
    package let http: HTTPConfiguration

    /// The daemon as an external component of an XMPP server.
    package struct Component: Hashable, Sendable {
        /// The component's own address, a domain.
        package let jid: JID
        /// Where the server listens for components.
        package let server: ServerAddress
        /// What the handshake proves the knowledge of.
        package let secret: Secret
        /// Where the secret was found.
        package let secretSource: SecretSource

        package init(jid: JID, server: ServerAddress, secret: Secret, secretSource: SecretSource = .setting) {
            self.jid = jid
            self.server = server
            self.secret = secret
            self.secretSource = secretSource
        }
    }

    /// Where the component's secret came from.
    package enum SecretSource: Hashable, Sendable {
        /// `secret` in the daemon's file.
        case setting
        /// The file that `secret_file` names.
        case file(String)
        /// The systemd credential `component-secret`, in the file with this path. It takes precedence over both keys.
        case credential(String)
    }

    package init(
        component: Component, stateDirectory: String, hostsDirectory: String, controlSocket: String,
        shell: ShellConfiguration = ShellConfiguration(), http: HTTPConfiguration = HTTPConfiguration()
    ) {
        self.component = component
        self.stateDirectory = stateDirectory
        self.hostsDirectory = hostsDirectory
        self.controlSocket = controlSocket
        self.shell = shell
        self.http = http
    }

    package static let rolesKey = "shell.roles"
    /// The keys whose values an apply puts in force.
    package static let liveKeys = [rolesKey, HTTPConfiguration.webKey, HTTPConfiguration.metricsKey]

    static let standardStateDirectory = "/var/lib/invited"
    static let standardHostsDirectory = "config.d"
    static let standardControlSocket = "/run/invited/control.sock"

    /// The keys of the daemon's file in which two configurations differ and which only a start puts in force, such as
    /// `component.server`. What an apply puts in force is none of them.
    package func differences(from other: DaemonConfiguration) -> [String] {
        var keys: [String] = []
        if component.jid != other.component.jid { keys.append("component.jid") }
        if component.server != other.component.server { keys.append("component.server") }
        if component.secret != other.component.secret { keys.append("component.secret") }
        if stateDirectory != other.stateDirectory { keys.append("state_directory") }
        if hostsDirectory != other.hostsDirectory { keys.append("hosts_directory") }
        if controlSocket != other.controlSocket { keys.append("control_socket") }
        return keys
    }

    /// The keys of the daemon's file in which two configurations differ, and whose values take effect when the daemon
    /// starts. The hosts' directory is read by every load.
    package func restartDifferences(from other: DaemonConfiguration) -> [String] {
        differences(from: other).filter { $0 != "hosts_directory" }
    }

    /// The value of a key of the daemon's file as people may see it, so never the secret; `nil` for other keys.
    package func value(of key: String) -> String? {
        switch key {
        case "component.jid": component.jid.description
        case "component.server": component.server.description
        case "component.secret": component.secret.description
        case "state_directory": stateDirectory
        case "hosts_directory": hostsDirectory
        case "control_socket": controlSocket
        default: nil
        }
    }
}
