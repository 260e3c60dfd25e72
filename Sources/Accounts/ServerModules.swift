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
        /// What the module was told last.
        var told: ServerModule.Settings?
    }

    private let hosts = Mutex<[String: Entry]>([:])
    /// Domains that are kept besides those of hosts. Any domain can say hello.
    package static let mostOthers = 4096

    package init() {}

    package func reset() { hosts.withLock { $0 = [:] } }

    /// - Parameter settings: What the hello is answered with; `nil` for an error.
    package func record(
        _ module: KnownModule, host: String, told settings: ServerModule.Settings?, among served: ServedHosts
    ) {
        let isServed = served.contains(host)
        hosts.withLock { hosts in
            guard isServed || hosts[host] != nil || hosts.count < served.count + Self.mostOthers else { return }
            hosts[host] = Entry(module: module, told: settings)
        }
    }

    package subscript(host: String) -> KnownModule? { hosts.withLock { $0[host]?.module } }

    package var all: [String: KnownModule] { hosts.withLock { $0.mapValues(\.module) } }

    package var isEmpty: Bool { hosts.withLock { $0.isEmpty } }

    /// The module of a host, unless it knows these settings or cannot be told any.
    package func whomToTell(_ settings: ServerModule.Settings, of host: String) -> KnownModule? {
        hosts.withLock { hosts in
            guard let entry = hosts[host], entry.module.isCompatible, entry.told != settings else { return nil }
            return entry.module
        }
    }

    /// Whether the module of a host was told of names that invites hold.
    package func holdsNames(of host: String) -> Bool {
        hosts.withLock { $0[host]?.told?.held.isEmpty == false }
    }

    /// The module has taken these settings.
    package func told(_ settings: ServerModule.Settings, _ module: KnownModule, of host: String) {
        hosts.withLock { hosts in
            // Unless it has said hello anew.
            if hosts[host]?.module == module { hosts[host]?.told = settings }
        }
    }
}
