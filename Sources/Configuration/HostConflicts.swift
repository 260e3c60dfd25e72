import Invites
import Text
import XMPP
import YAML

/// Finds what is wrong between files that are good one by one: hosts and service addresses that are claimed twice.
///
/// A file with mistakes of its own still claims what it names. Otherwise a mistake in one host's file would give its
/// address to another host.
struct HostConflicts {
    private let files: [HostFile]
    private let component: (domain: String, location: SourceLocation)?
    private let web: (base: BaseURL, location: SourceLocation)?
    /// Here and below, names are compared in Unicode: a name in ASCII (`xn--…`) is the same to servers.
    private let filesByHost: Claims

    /// - Parameters:
    ///   - files: All files, ordered by name.
    ///   - component: The component's own address and where it was set.
    ///   - web: The base of all hosts' pages and where it was set.
    init(
        files: [HostFile], component: (jid: JID, location: SourceLocation)?,
        web: (base: BaseURL, location: SourceLocation)? = nil
    ) {
        self.web = web
        self.files = files
        self.component = component.map { (JID.unicodeDomain($0.jid.domain), $0.location) }
        var filesByHost = Claims(capacity: files.count)
        for (index, file) in files.enumerated() {
            if let host = file.host { filesByHost.add(index, to: JID.unicodeDomain(host)) }
        }
        self.filesByHost = filesByHost
    }

    /// The mistakes, by the index of the file that is to be refused for them.
    func find() -> [Int: [Diagnostic]] {
        var found: [Int: [Diagnostic]] = [:]
        checkHosts(into: &found)
        checkServiceAddresses(into: &found)
        checkBases(into: &found)
        return found
    }

    private func checkHosts(into found: inout [Int: [Diagnostic]]) {
        for indices in filesByHost.contested.values {
            for index in indices {
                guard let host = files[index].host else { continue }
                // Only the operator knows which of two files is meant, so neither is used.
                let others = indices.filter { $0 != index && files[$0].host == host }
                    .map { files[$0].location(of: .host).description }
                if !others.isEmpty {
                    let files = others.joined(separator: ", ")
                    let message = "\(host.quoted) has another file, \(files); keep one: none of them is used"
                    found[index, default: []].append(diagnostic(index, .host, message))
                }
                // Of two forms of one name, the first has it.
                guard let first = indices.first.map({ files[$0] }), let name = first.host, name != host else {
                    continue
                }
                let place = first.location(of: .host)
                let message = "\(host.quoted) is \(name.quoted) to servers, which has a file, \(place); keep one"
                let rivalry = Diagnostic.Rivalry(
                    host: name, message: "\(host.quoted) has a file under its other name; keep one")
                found[index, default: []].append(diagnostic(index, .host, message, rivalry))
            }
        }
        guard let component else { return }
        for index in files.indices {
            guard let host = files[index].host, JID.unicodeDomain(host) == component.domain else { continue }
            let message = "\(host.quoted) is the component's own address, set at \(component.location)"
            found[index, default: []].append(diagnostic(index, .host, message))
        }
    }

    private func checkServiceAddresses(into found: inout [Int: [Diagnostic]]) {
        var claims = Claims(capacity: 0)
        for (index, file) in files.enumerated() {
            guard let host = file.host, let address = file.settings?.serviceAddress else { continue }
            let name = JID.unicodeDomain(address)
            if name == JID.unicodeDomain(host) {
                let message = "\(address.quoted) is the host itself; a service address is a domain of its own"
                found[index, default: []].append(diagnostic(index, .serviceAddress, message))
            } else if let owner = filesByHost.first[name].map({ files[$0] }) {
                let message = "\(address.quoted) is a host of its own, in \(owner.location(of: .host))"
                let rivalry = owner.host.map(Self.rivalry)
                found[index, default: []].append(diagnostic(index, .serviceAddress, message, rivalry))
            } else if let component, name == component.domain {
                let message = "\(address.quoted) is the component's own address, set at \(component.location)"
                found[index, default: []].append(diagnostic(index, .serviceAddress, message))
            } else {
                claims.add(index, to: name)
            }
        }
        for (name, indices) in claims.contested {
            guard let keeper = keeper(of: name, among: indices) else { continue }
            for index in indices where files[index].host != files[keeper].host {
                let address = files[index].settings?.serviceAddress ?? name
                let host = files[keeper].host ?? ""
                let place = files[keeper].location(of: .serviceAddress)
                let message = "\(address.quoted) is already the service address of \(host.quoted), set at \(place)"
                found[index, default: []].append(diagnostic(index, .serviceAddress, message, Self.rivalry(host)))
            }
        }
    }

    /// The name in a base is for one host or for all: two hosts on one name share an origin, so neither's pages are
    /// safe.
    private func checkBases(into found: inout [Int: [Diagnostic]]) {
        var claims = Claims(capacity: 0)
        for (index, file) in files.enumerated() {
            guard file.host != nil, let base = file.settings?.baseURL else { continue }
            if let web, web.base.authority == base.authority {
                let message = "\(base.authority.quoted) is where all hosts' pages are, set at \(web.location)"
                found[index, default: []].append(diagnostic(index, .baseURL, message))
            } else {
                claims.add(index, to: base.authority)
            }
        }
        for (authority, indices) in claims.contested {
            guard let keeper = indices.first, let host = files[keeper].host else { continue }
            for index in indices where files[index].host != host {
                let place = files[keeper].location(of: .baseURL)
                let message = "\(authority.quoted) is already where the pages of \(host.quoted) are, set at \(place)"
                let rivalry = Diagnostic.Rivalry(host: host, message: HostConfiguration.takenBase)
                found[index, default: []].append(diagnostic(index, .baseURL, message, rivalry))
            }
        }
    }

    /// A host whose domain is above the address keeps it, the closest such first; otherwise the first file does.
    private func keeper(of address: String, among indices: [Int]) -> Int? {
        let parents = indices.filter { address.hasSuffix(".\(JID.unicodeDomain(files[$0].host ?? ""))") }
        let closest = parents.max { (files[$0].host ?? "").utf8.count < (files[$1].host ?? "").utf8.count }
        return closest ?? indices.first
    }

    private func diagnostic(
        _ index: Int, _ key: HostKey, _ message: String, _ rivalry: Diagnostic.Rivalry? = nil
    ) -> Diagnostic {
        // The host is in the file's name, but its service address only in the file.
        if key == .serviceAddress, let withheld = files[index].withheld {
            return Diagnostic(
                location: SourceLocation(file: files[index].path, mark: .start), message: withheld.mistakes)
        }
        return Diagnostic(location: files[index].location(of: key), message: message, rivalry: rivalry)
    }

    private static func rivalry(_ host: String) -> Diagnostic.Rivalry {
        .init(host: host, message: HostConfiguration.takenServiceAddress)
    }
}

/// Which files claim which names, by the index of the file. Nearly every name has one claim, so nothing is allocated
/// for more.
private struct Claims {
    private(set) var first: [String: Int] = [:]
    /// All claims to the names that have several.
    private(set) var contested: [String: [Int]] = [:]

    init(capacity: Int) {
        first.reserveCapacity(capacity)
    }

    mutating func add(_ index: Int, to name: String) {
        if let first = first[name] {
            contested[name, default: [first]].append(index)
        } else {
            first[name] = index
        }
    }
}
