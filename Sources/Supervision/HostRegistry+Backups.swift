internal import Logging
internal import Runtime
package import Storage

/// Backups of hosts and their way back. All functions throw ``InviteFailure``, `StoreError`, `BackupRefusal`, or
/// `CancellationError`.
extension HostRegistry {
    /// Copies what a host has, also one that is suspended, or in quarantine with a database that can be read.
    package func backUp(_ host: String) async throws -> BackupFile {
        let service = try service(of: host)
        // In the host's turn, so that a file that was removed is written again. Whether that works shows with the copy.
        _ = try? await service.use(.reading) { repository throws(StoreError) in try await repository.lastNumber() }
        return try await databases.backUp(host, at: now)
    }

    /// Makes a place for what a caller sends.
    package func receiveBackup(for host: String) async throws -> IncomingBackup {
        _ = try service(of: host)
        let databases = databases
        return try await onBlockingThread { Result { try databases.receiveBackup() } }.get()
    }

    /// Checks whether all that was received may be restored.
    package func check(_ backup: IncomingBackup, for host: String, isAnyHost: Bool) async throws -> BackupSummary {
        _ = try service(of: host)
        return try await databases.check(backup, for: host, isAnyHost: isAnyHost)
    }

    /// Puts it in the place of what the host has, and the host to work on it, also one in quarantine.
    ///
    /// - Returns: What was done, and what is wrong with the host's storage all the same.
    package func restore(
        _ backup: IncomingBackup, of host: String, keepsOpen: Bool
    ) async throws -> (Restoration, trouble: String?) {
        let service = try service(of: host)
        let restoration = try await databases.restore(backup, of: host, at: now, keepsOpen: keepsOpen)
        dependencies.logger.notice(
            "host restored from a backup",
            metadata: ["host": "\(host)", "invites": "\(restoration.count)", "kept": "\(restoration.kept ?? "")"])
        let trouble = await service.restart()
        invitesChanged(on: host)
        // What the backup owed to people, or what was owed since, is taken up.
        resume([host], hastened: false)
        return (restoration, trouble)
    }

    private func service(of host: String) throws(InviteFailure) -> HostService {
        if let service = self[host]?.service { return service }
        throw table.isRefused(host) ? .refusedHost : .unknownHost
    }
}
