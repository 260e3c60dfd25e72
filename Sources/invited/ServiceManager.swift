import Glibc

/// Notifies the service manager of the daemon's state (sd_notify(3)): one datagram a message to `$NOTIFY_SOCKET`.
/// Without a manager nothing happens.
final class ServiceManager: Sendable {
    private let socket: CInt?
    private let path: String
    /// How often the watchdog requires a keep-alive, at the latest; `nil` when it requires none
    /// (sd_watchdog_enabled(3)).
    let watchdogInterval: Duration?

    init(environment: [String: String]) {
        path = environment["NOTIFY_SOCKET"] ?? ""
        let isUsable = (path.hasPrefix("/") || path.hasPrefix("@")) && path.utf8.count < 108
        let descriptor =
            isUsable ? Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0) : -1
        socket = descriptor >= 0 ? descriptor : nil
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int64.init).flatMap {
            $0 > 0 && isForUs ? .microseconds($0) : nil
        }
    }

    deinit {
        if let socket { close(socket) }
    }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    func status(_ status: String) { send("STATUS=\(status)") }
    func stopping() { send("STOPPING=1\nSTATUS=answering what was accepted") }
    func isAlive() { send("WATCHDOG=1") }

    func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
    }

    private func send(_ text: String) {
        guard let socket else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let length = path.utf8.count
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            // The initializer has checked that the path fits.
            for (index, byte) in path.utf8.enumerated() where index < bytes.count { bytes[index] = byte }
            // An abstract name begins with a NUL.
            if path.hasPrefix("@") { bytes[0] = 0 }
        }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + length)
        let message = Array(text.utf8)
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                // A manager that does not read is no reason to wait.
                let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
                _ = sendto(socket, message, message.count, flags, address, size)
            }
        }
    }
}
