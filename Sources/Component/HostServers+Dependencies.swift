internal import Accounts
internal import Logging
internal import Runtime
internal import Synchronization

extension HostServers {
    /// With the daemon's clock and chance.
    convenience init(_ dependencies: Dependencies) {
        let entropy = Mutex(dependencies.entropy)
        let logger = dependencies.logger
        self.init(
            uptime: dependencies.uptime,
            absentUsername: {
                let words = entropy.withLock { entropy in (entropy.next() as UInt64, entropy.next() as UInt64) }
                return "nobody-" + String(words.0, radix: 36) + String(words.1, radix: 36)
            },
            noticeLoss: { host, reason in
                logger.warning(
                    "the module in the server serves us no more", metadata: ["host": "\(host)", "reason": "\(reason)"])
            })
    }
}
