internal import Invites
internal import Runtime
internal import Storage

/// Hosts whose domains were away.
extension HostRegistry {
    /// The domains that have a database, sorted, whether they are served or not; it waits for the disk on the caller's thread.
    ///
    /// - Returns: `nil` where the directory cannot be read, which is not the same as none.
    package func domainsWithDatabase() -> [String]? { try? databases.hostsWithInvites() }

    /// How many invites of a host that does not run could still be redeemed, or are about to be; `nil` where its database
    /// cannot be read in time.
    package func openInvites(ofStopped host: String) async -> Int? {
        guard self[host] == nil else { return nil }
        let now = now
        return await withStopped(host) { repository throws(StoreError) in
            var count = 0
            var start: Int64? = 0
            while let after = start {
                let page = try await repository.page(InviteFilter(), after: after, through: .max, limit: 500)
                count += page.invites.count { [.open, .reserved].contains($0.invite.state(at: now)) }
                start = page.next
            }
            return count
        } ?? nil
    }

    /// Makes the invites of a host good again that were revoked because its domain came back.
    ///
    /// - Returns: How many there were.
    package func reopen(_ host: String) async throws(InviteFailure) -> Int {
        guard let service = self[host]?.service else {
            throw table.isRefused(host) ? .refusedHost : .unknownHost
        }
        do throws(InviteRefusal) {
            let count = try await service.reopen()
            if count > 0 { invitesChanged(on: host) }
            return count
        } catch {
            throw .refusal(error)
        }
    }

    /// Reads the database of a host that does not run, as long as a running one's disk would be waited for.
    ///
    /// - Returns: What was read; `nil` where the database fails, or is not read in time.
    func withStopped<Value: Sendable>(
        _ host: String,
        _ operation: @escaping @Sendable (any InviteRepository) async throws(StoreError) -> Value
    ) async -> Value? {
        let repository = databases.repository(of: host)
        let result = await deadlines.result(startedAt: dependencies.uptime()) { () async -> Value? in
            let value = try? await operation(repository)
            // Unless it is served again meanwhile, and uses it.
            if self[host] == nil { await repository.close() }
            return value
        }
        return result ?? nil
    }
}
