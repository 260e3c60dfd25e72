public import Configuration

extension Supervisor {
    /// Whether settings of a host can be written into its file now: what runs has to be what the files said, and not
    /// wait to be confirmed.
    ///
    /// - Throws: ``ConfigurationRefusal``.
    public func checkSavable(_ host: String) throws(ConfigurationRefusal) {
        guard hosts[host] != nil else { throw .unknownHost(host) }
        try transaction.checkIdle()
        guard base.isFiles else { throw .stale }
    }

    /// Takes over what has just been written into a host's file: those settings are no longer changed at run time, but
    /// what the file says.
    ///
    /// The file has to say what it said when it was applied and, for these keys, what runs. Nothing that runs changes.
    ///
    /// - Throws: ``ConfigurationRefusal`` as ``checkSavable(_:)``, or ``ConfigurationRefusal/stale`` when the file says
    ///   something else by now.
    public func takeOver(_ keys: [HostKey], savedFor host: String) async throws(ConfigurationRefusal) {
        try await inTurn { supervisor in
            await Result { () async throws(ConfigurationRefusal) in try await supervisor.takeOverNow(keys, of: host) }
        }.get()
    }

    private func takeOverNow(_ keys: [HostKey], of host: String) async throws(ConfigurationRefusal) {
        try checkSavable(host)
        let read = await load()
        guard let saved = read.loaded.hosts[host], let old = base.hosts[host], let set = overrides[host] else {
            throw .stale
        }
        var rest = set
        rest.drop(keys)
        var dropped = set
        dropped.drop(rest.keys)
        guard saved == dropped.applied(to: old) else { throw .stale }
        base = base.taking(host, from: read)
        overrides[host] = rest.isEmpty ? nil : rest
        revision += 1
        let snapshot = ConfigurationSnapshot(
            number: header.number, time: header.time, by: header.by, files: base.files, hosts: base.hosts)
        header = snapshot.header
        snapshots.writeLater(snapshot, transaction.record, needed: transaction.needed)
    }
}
