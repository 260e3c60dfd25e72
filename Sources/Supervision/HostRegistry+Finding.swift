package import Invites
internal import Runtime
internal import Storage

/// What is known of invites that no service serves now.
extension HostRegistry {
    /// The hosts that have a database and no file, sorted: their domains were removed, or their files lost.
    package func hostsWithoutFile(where isWanted: @Sendable (String) -> Bool) async -> [String] {
        let databases = databases
        let all = await onBlockingThread { (try? databases.hostsWithInvites()) ?? [] }
        let table = table
        return all.filter { !table.contains($0) && isWanted($0) }
    }

    /// The invite with one of the tokens, of a host that does not run; `nil` also where its database is not read in time.
    /// Nothing of it is changed.
    package func invite(withTokens tokens: [Token], ofStopped host: String) async -> StoredInvite? {
        guard self[host] == nil else { return nil }
        return await withStopped(host) { repository throws(StoreError) in
            for token in tokens {
                if let found = try await repository.storedInvite(withToken: token) { return found }
            }
            return nil
        } ?? nil
    }
}
