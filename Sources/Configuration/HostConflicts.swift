import Text
import XMPP

/// Finds what is wrong between files that are good one by one: hosts and service addresses that are claimed twice.
///
/// A file with mistakes of its own still claims what it names. Otherwise a slip in one host's file would hand its
/// address to another host.
struct HostConflicts {
    private let files: [HostFile]
    private let component: (jid: JID, location: SourceLocation)?
    private let filesByHost: Claims

    /// - Parameters:
    ///   - files: All files, ordered by name.
    ///   - component: The component's own address and where it was set.
    init(files: [HostFile], component: (jid: JID, location: SourceLocation)?) {
        self.files = files
        self.component = component
        var filesByHost = Claims(capacity: files.count)
        for (index, file) in files.enumerated() {
            if let host = file.host { filesByHost.add(index, to: host) }
        }
        self.filesByHost = filesByHost
    }

    /// The mistakes, by the index of the file that is to be refused for them.
    func find() -> [Int: [Diagnostic]] {
        var found: [Int: [Diagnostic]] = [:]
        checkHosts(into: &found)
        checkServiceAddresses(into: &found)
        return found
    }

    private func checkHosts(into found: inout [Int: [Diagnostic]]) {
        // Nobody but the operator knows which of two files is meant, so neither is used.
        for (host, indices) in filesByHost.contested {
            for index in indices {
                let others = indices.filter { $0 != index }.map { files[$0].location(of: .host).description }
                let message =
                    "\(host.quoted) has another file, \(others.joined(separator: ", ")); keep one: none of them is used"
                found[index, default: []].append(
                    Diagnostic(location: files[index].location(of: .host), message: message))
            }
        }
        guard let component else { return }
        for index in files.indices where files[index].host == component.jid.domain {
            let message = "\(component.jid.domain.quoted) is the component's own address, set at \(component.location)"
            found[index, default: []].append(Diagnostic(location: files[index].location(of: .host), message: message))
        }
    }

    private func checkServiceAddresses(into found: inout [Int: [Diagnostic]]) {
        var claims = Claims(capacity: 0)
        for (index, file) in files.enumerated() {
            guard let host = file.host, let address = file.settings?.serviceAddress?.value.domain else { continue }
            if address == host {
                found[index, default: []].append(
                    diagnostic(index, "\(address.quoted) is the host itself; a service address is a domain of its own"))
            } else if let owner = filesByHost.first[address] {
                let message = "\(address.quoted) is a host of its own, in \(files[owner].location(of: .host))"
                found[index, default: []].append(diagnostic(index, message, claimed: address, by: address))
            } else if let component, address == component.jid.domain {
                let message = "\(address.quoted) is the component's own address, set at \(component.location)"
                found[index, default: []].append(diagnostic(index, message))
            } else {
                claims.add(index, to: address)
            }
        }
        for (address, indices) in claims.contested {
            guard let keeper = keeper(of: address, among: indices) else { continue }
            for index in indices where files[index].host != files[keeper].host {
                let host = files[keeper].host ?? ""
                let place = files[keeper].location(of: .serviceAddress)
                let message = "\(address.quoted) is already the service address of \(host.quoted), set at \(place)"
                found[index, default: []].append(diagnostic(index, message, claimed: address, by: host))
            }
        }
    }

    /// Whoever has the address below its own domain keeps it, the closest such first; otherwise the first file does.
    private func keeper(of address: String, among indices: [Int]) -> Int? {
        let parents = indices.filter { address.hasSuffix(".\(files[$0].host ?? "")") }
        let closest = parents.max { (files[$0].host ?? "").utf8.count < (files[$1].host ?? "").utf8.count }
        return closest ?? indices.first
    }

    private func diagnostic(_ index: Int, _ message: String) -> Diagnostic {
        Diagnostic(location: files[index].location(of: .serviceAddress), message: message)
    }

    private func diagnostic(_ index: Int, _ message: String, claimed address: String, by host: String) -> Diagnostic {
        Diagnostic(
            location: files[index].location(of: .serviceAddress), message: message,
            rivalry: .init(host: host, message: HostConfiguration.takenServiceAddress))
    }
}

/// Who claims which names, by the index of the file. Nearly every name has one claim, and nothing is set aside for
/// more.
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
