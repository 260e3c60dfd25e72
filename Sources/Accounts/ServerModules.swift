internal import Synchronization
package import XMPP

/// What the module in a host's server has said of itself.
package struct KnownModule: Hashable, Sendable {
    package var hello: ServerModule.Hello
    /// Where it is asked.
    package var address: JID

    package init(hello: ServerModule.Hello, address: JID) {
        self.hello = hello
        self.address = address
    }

    /// Whether its version works with the daemon's.
    package var isCompatible: Bool { ServerModule.isCompatible(hello.version) }

    /// Why it does not work with the daemon, in words that both sides read.
    package var mismatch: String {
        "the module speaks version \(hello.version) of the protocol, and invited version \(ServerModule.version): "
            + "they may be one apart"
    }

    package func has(_ feature: ServerModule.Feature) -> Bool { isCompatible && hello.features.contains(feature) }
}

/// The modules in the servers of all hosts on the present connection, also of hosts that may be configured later: a module
/// says hello once.
package final class ServerModules: Sendable {
    private struct Entry: Sendable {
        var module: KnownModule
        /// The settings that the module received last.
        var sent: ServerModule.Settings?
    }

    private let hosts = Mutex<[String: Entry]>([:])
    /// Domains whose modules are stored besides those of hosts. Any domain can say hello.
    package static let mostOthers = 4096

    package init() {}

    package func reset() { hosts.withLock { $0 = [:] } }

    /// - Parameter settings: What the hello is answered with; `nil` for an error.
    package func record(
        _ module: KnownModule, host: String, sent settings: ServerModule.Settings?, among served: ServedHosts
    ) {
        let isServed = served.contains(host)
        hosts.withLock { hosts in
            guard isServed || hosts[host] != nil || hosts.count < served.count + Self.mostOthers else { return }
            hosts[host] = Entry(module: module, sent: settings)
        }
    }

    /// The module of a host is gone, unless it has said hello again.
    ///
    /// - Returns: Whether it was known until now.
    func forget(_ module: KnownModule, of host: String) -> Bool {
        hosts.withLock { hosts in
            guard hosts[host]?.module == module else { return false }
            hosts[host] = nil
            return true
        }
    }

    package subscript(host: String) -> KnownModule? { hosts.withLock { $0[host]?.module } }

    package var all: [String: KnownModule] { hosts.withLock { $0.mapValues(\.module) } }

    package var isEmpty: Bool { hosts.withLock { $0.isEmpty } }

    /// The module of a host that has to be sent these settings; `nil` if it has them, or is not compatible.
    package func moduleWithout(_ settings: ServerModule.Settings, of host: String) -> KnownModule? {
        hosts.withLock { hosts in
            guard let entry = hosts[host], entry.module.isCompatible, entry.sent != settings else { return nil }
            return entry.module
        }
    }

    /// Whether the settings that the module of a host received hold names.
    package func holdsNames(of host: String) -> Bool {
        hosts.withLock { $0[host]?.sent?.held.isEmpty == false }
    }

    /// The module has taken these settings.
    package func recordSent(_ settings: ServerModule.Settings, _ module: KnownModule, of host: String) {
        hosts.withLock { hosts in
            // Unless it has said hello again.
            if hosts[host]?.module == module { hosts[host]?.sent = settings }
        }
    }
}
