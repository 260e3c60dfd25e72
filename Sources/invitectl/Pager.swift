import Glibc

/// Shows what is longer than the screen, a screen at a time.
enum Pager {
    /// Shows the lines in `$PAGER`, else in less.
    ///
    /// - Returns: `false` when there is no such program, and nothing was shown.
    static func show(_ lines: [String], _ signals: Signals) -> Bool {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let command = Environment["PAGER"] ?? "less -FRX"
        // What is shown is UTF-8 whatever the locale says, for which less may take it for something else.
        guard let child = ChildProcess(command, input: ends[0], environment: ["LESS": "FRX", "LESSCHARSET": "utf-8"])
        else {
            close(ends[0])
            close(ends[1])
            return false
        }
        close(ends[0])
        write(lines, to: ends[1])
        close(ends[1])
        let status = child.wait()
        signals.forgetInterrupts()
        return status != 126 && status != 127
    }

    /// Until the pager has had enough.
    private static func write(_ lines: [String], to descriptor: Int32) {
        var bytes: [UInt8] = []
        for line in lines {
            bytes.append(contentsOf: line.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(written)
        }
    }
}
