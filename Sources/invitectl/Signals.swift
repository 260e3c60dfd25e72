import CLibEdit
import Glibc

/// The signals that a person at a terminal sends, as something to wait for: nothing happens behind the back of what
/// runs.
final class Signals {
    enum Signal {
        /// Ctrl-C.
        case interrupt
        /// The terminal has another size.
        case resized
        /// The process was stopped, and continues.
        case continued
        /// The process is to end.
        case terminate(Int32)

        fileprivate var isEnd: Bool {
            switch self {
            case .interrupt, .terminate: true
            case .resized, .continued: false
            }
        }
    }

    /// What a wait ended with.
    enum Wakeup {
        case ready
        case signal(Signal)
        case tooLate
    }

    private let descriptor: Int32
    /// Signals that were received during another wait.
    private var kept: [Signal] = []
    private static let awaited = [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT]

    /// From now on these signals only wait to be read.
    init() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in Self.awaited { sigaddset(&set, signal) }
        sigprocmask(SIG_BLOCK, &set, nil)
        descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits until the descriptor can be read (or written), or a signal is received. A signal takes precedence.
    func wait(
        for other: Int32, events: Int32 = POLLIN, until deadline: ContinuousClock.Instant? = nil
    ) -> Wakeup {
        if !kept.isEmpty { return .signal(kept.removeFirst()) }
        while true {
            var polled = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: other, events: Int16(events), revents: 0),
            ]
            var milliseconds: Int32 = -1
            if let deadline {
                let left = (deadline - .now) / .milliseconds(1)
                milliseconds = Int32(max(0, min(left.rounded(.up), 600_000)))
            }
            let count = poll(&polled, 2, milliseconds)
            if count < 0, errno != EINTR { return .ready }
            if polled[0].revents != 0, let signal = next() { return .signal(signal) }
            if polled[1].revents != 0 { return .ready }
            if count == 0 { return .tooLate }
        }
    }

    /// Drops the interrupts that were meant for a program at the same terminal, such as a pager.
    func forgetInterrupts() {
        kept = []
        while let signal = next() {
            if case .terminate(let number) = signal { exit(128 + number) }
        }
    }

    /// Whether the descriptor can be written to; `false` when the person or the system wanted an end before it could.
    func canWrite(_ output: Int32) -> Bool {
        while true {
            let isToEnd = kept.contains(where: \.isEnd)
            var polled = [
                pollfd(fd: output, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&polled, 2, isToEnd ? 0 : -1) < 0, errno == EINTR { continue }
            if polled[0].revents != 0 { return true }
            if isToEnd { return false }
            // A later wait for signals still has to return it.
            if let signal = next() { kept.append(signal) }
        }
    }

    private func next() -> Signal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard read(descriptor, &info, size) == size else { return nil }
        return switch Int32(bitPattern: info.ssi_signo) {
        case SIGINT: .interrupt
        case SIGWINCH: .resized
        case SIGCONT: .continued
        case let number: .terminate(number)
        }
    }
}
