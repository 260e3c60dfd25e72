package import Configuration
internal import Logging
internal import Runtime
internal import Supervision

/// Hosts' files as the shell changes them.
extension ActiveConfiguration {
    /// The path of the file that defines a host; `nil` for an unknown host, or one that two files define.
    package func file(of host: String) -> String? {
        let refused = refused.filter { $0.host == host }
        switch refused.count {
        case 0: return base.loaded?.path(of: host) ?? pathInDirectory(of: host)
        case 1: return refused[0].file
        default: return nil
        }
    }

    /// The file where a host's would be, while a snapshot runs.
    private func pathInDirectory(of host: String) -> String? {
        hosts[host].map { _ in "\(loader.hostsDirectory)/\(host).yaml" }
    }

    /// Writes settings of a host that were changed at run time into its file, in place, and drops them. What runs stays
    /// as it is, and no other host is touched; what the files say now is a snapshot of its own.
    ///
    /// - Parameters:
    ///   - keys: `nil` for all.
    ///   - by: Who saves it, for the history.
    /// - Throws: ``ConfigurationRefusal``, or `HostFileSaveError` for what concerns the file; then neither the file nor
    ///   what runs has changed.
    package func save(
        _ keys: [HostKey]? = nil, of host: String, by: String
    ) async throws -> SavedHostFile {
        try transaction.checkIdle()
        return try await inTurn { configuration in
            await Result { try await configuration.saveNow(keys, of: host, by: by) }
        }.get()
    }

    private func saveNow(_ keys: [HostKey]?, of host: String, by: String) async throws -> SavedHostFile {
        try transaction.checkIdle()
        guard let running = hosts[host]?.configuration, let set = overrides(of: host) else {
            throw ConfigurationRefusal.unknownHost(host)
        }
        let wanted = keys.map { keys in set.keys.filter(keys.contains) } ?? set.keys
        guard !wanted.isEmpty else {
            let which = keys.map { " for \($0.map(\.rawValue).joined(separator: ", "))" } ?? ""
            throw ConfigurationRefusal.nothing("nothing was set at run time\(which)")
        }
        guard let loaded = base.loaded else {
            throw HostFileSaveError.stale("a snapshot runs, not what the files say")
        }
        let changes = Dictionary(
            wanted.compactMap { key in running.hostValue(of: key).map { (key, $0) } }, uniquingKeysWith: { $1 })
        let (saved, read) = try await onBlockingThread {
            Result {
                let saved = try loaded.save(changes, of: host)
                return (saved, FilesRead(loaded.adopting(saved)))
            }
        }.get()

        // A setting may have been changed again meanwhile; then it stays set.
        let now = self.overrides(of: host)
        overrides[host]?.drop(wanted.filter { now?.value(of: $0) == set.value(of: $0) })
        if overrides[host]?.isEmpty == true { overrides[host] = nil }
        let new = BaseLayer(read)
        let isSame = new.files == base.files
        // Nothing waits, and what files say runs: nothing has to be on the disk first.
        let move = try transaction.applying(isSame: isSame, confirmedBy: nil)
        let old = runningSnapshot
        _ = run(new)
        transaction.commit(move)
        if !isSame { keep(new, move.record, before: old, by: by) }
        dependencies.logger.notice(
            "settings saved",
            metadata: ["host": "\(host)", "keys": "\(wanted.map(\.rawValue).joined(separator: ", "))"])
        tell(.command, "saved settings of \(host)", [host])
        return saved
    }
}

extension Result where Failure == any Error {
    /// What an async body returns or throws.
    nonisolated(nonsending) fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
