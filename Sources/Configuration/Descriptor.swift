import Glibc

/// An open descriptor, closed with its last user.
final class Descriptor: Sendable {
    /// `O_PATH`, which Glibc's module leaves out: only metadata is accessible, which needs no right to read the file.
    static let pathOnly: CInt = 0o10_000_000
    /// `AT_EMPTY_PATH`, likewise: a call is about what is open itself, not about a name in it.
    static let itself: CInt = 0x1000

    let number: CInt

    init(_ number: CInt) {
        self.number = number
    }

    /// What fstat(2) says.
    func status() throws(FileProblem) -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FileProblem(code: errno) }
        return status
    }

    deinit { close(number) }
}
