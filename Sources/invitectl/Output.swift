import Glibc

/// Standard output, or standard error: writes in large pieces, and is silent when there is no reader any more.
final class Output {
    private let descriptor: Int32
    private let signals: Signals
    private var buffer: [UInt8] = []
    /// Why writing failed; 0 while it does not. `EPIPE` means that the reader has closed it.
    private(set) var error: Int32 = 0
    /// Whether Ctrl-C was pressed while the reader did not read, and something was left out.
    private(set) var isCut = false

    init(_ descriptor: Int32, _ signals: Signals) {
        self.descriptor = descriptor
        self.signals = signals
    }

    /// Whether nothing that is written arrives any more.
    var isBroken: Bool { error != 0 }

    func write(_ text: String) {
        write(text.utf8)
    }

    func write(_ bytes: some Sequence<UInt8>) {
        guard !isBroken else { return }
        buffer.append(contentsOf: bytes)
        if buffer.count >= 64 * 1024 { flush() }
    }

    func line(_ text: String) {
        write(text)
        write("\n")
    }

    /// Writes all that is held. A Ctrl-C while the reader does not read drops the rest.
    func flush() {
        var written = 0
        while written < buffer.count, !isBroken {
            guard signals.canWrite(descriptor) else {
                isCut = true
                break
            }
            // A pipe that can be written to takes so much without blocking.
            let count = min(buffer.count - written, Int(PIPE_BUF))
            let result = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, count) }
            if result >= 0 { written += result } else if errno != EINTR, errno != EAGAIN { error = errno }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
