import Text
import XMPP
package import YAML

/// A host's file after settings were written into it.
package struct SavedHostFile: Sendable {
    /// A setting that the file has now.
    package struct Setting: Hashable, Sendable {
        package let key: HostKey
        /// What the file said, in one line of YAML; `nil` where it said nothing.
        package let before: String?
        /// What it says now.
        package let after: String
        package let location: SourceLocation
    }

    /// In the order of ``HostKey``.
    package let settings: [Setting]
    let file: HostFile
    /// What the files say about the host now.
    package let configuration: HostConfiguration
    /// What the file has lost, such as its `owner`; mostly nothing.
    package let lost: [String]
}

/// Why settings were not written into a host's file.
package enum HostFileSaveError: Error, Hashable, Sendable {
    /// The file does not say what the daemon runs with, or has mistakes.
    case stale(String)
    /// With it, the files would have this mistake.
    case mistake(Diagnostic)
    /// It cannot be changed in place.
    case edit(HostFileEditError)
    /// It cannot be read or written.
    case io(String, hint: String?)
}

extension LoadedConfiguration {
    /// The path of a host's file; `nil` for a host that is not in ``hosts``.
    package func path(of host: String) -> String? { filesByHost[host]?.path }

    /// Writes settings into a host's file, in place. It waits for the disk.
    ///
    /// - Throws: ``HostFileSaveError``; then the file is as it was.
    package func save(
        _ changes: [HostKey: HostValue], of host: String
    ) throws(HostFileSaveError) -> SavedHostFile {
        guard let path = path(of: host), let running = hosts[host] else {
            throw .stale("the host has no file that the daemon runs with")
        }
        let old: [UInt8]
        do { old = try ConfigurationFile.read(path, isShown: false) } catch { throw HostFileSaveError(error) }
        let before = HostFile(path: path, bytes: old)
        guard before.diagnostics.isEmpty, let settings = before.settings else {
            throw .stale("\(path) has been changed, and has mistakes")
        }
        var unchanged = HostConfiguration(host: host, settings: settings, defaults: defaults)
        // The files that it names are not read again: no key that names one can be changed at run time.
        unchanged.pages.adoptFiles(of: running.pages)
        guard unchanged == running else {
            throw .stale("\(path) has other changes that are not applied")
        }
        if let mistake = rival(of: before, changes) { throw .mistake(mistake) }
        let new: [UInt8]
        do {
            new = try HostFileEditor.edit(old, file: path, changes: changes.mapValues { $0 })
        } catch {
            throw .edit(error)
        }
        var lost: [String] = []
        if new != old {
            do {
                lost = try ConfigurationFile.replace(path, expecting: old, with: new)
            } catch {
                throw HostFileSaveError(error)
            }
        }
        let file = HostFile(path: path, bytes: new)
        var configuration = HostConfiguration(
            host: host, settings: file.settings ?? HostSettings(), defaults: defaults)
        configuration.pages.adoptFiles(of: running.pages)
        return SavedHostFile(
            settings: HostKey.allCases.compactMap { key in
                guard changes[key] != nil, let after = file.settings?.value(of: key) else { return nil }
                return SavedHostFile.Setting(
                    key: key, before: settings.value(of: key)?.description, after: after.description,
                    location: file.location(of: key))
            },
            file: file,
            configuration: configuration,
            lost: lost)
    }

    /// The other host whose file has the service address that is to be saved for this one: the other may have changed
    /// it at run time only, too.
    private func rival(of file: HostFile, _ changes: [HostKey: HostValue]) -> Diagnostic? {
        guard case .text(let address)? = changes[.serviceAddress] else { return nil }
        let name = JID.unicodeDomain(address)
        let owner = hosts.values.first { other in
            other.host != file.host && other.serviceAddress.map(JID.unicodeDomain) == name
        }
        guard let owner, let place = filesByHost[owner.host]?.location(of: .serviceAddress) else { return nil }
        return Diagnostic(
            location: file.location(of: .serviceAddress),
            message: "\(address.quoted) is already the service address of \(owner.host.quoted), set at \(place)",
            rivalry: .init(host: owner.host, message: HostConfiguration.takenServiceAddress))
    }

    /// This with the file as it was saved, as if it had been read now.
    package func adopting(_ saved: SavedHostFile) -> LoadedConfiguration {
        let host = saved.configuration.host
        var hosts = hosts
        var filesByHost = filesByHost
        hosts[host] = saved.configuration
        filesByHost[host] = saved.file
        return LoadedConfiguration(
            daemon: daemon, hosts: hosts, refused: refused, diagnostics: diagnostics, filesRead: filesRead,
            defaults: defaults, daemonFile: daemonFile, filesByHost: filesByHost)
    }
}

extension HostFileSaveError {
    fileprivate init(_ problem: ConfigurationFile.Problem) {
        self =
            switch problem {
            case .changed: .stale("\(problem)")
            case .io(let message, let hint): .io(message, hint: hint)
            }
    }
}
