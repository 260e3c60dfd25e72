import Glibc
import TestSupport
import Testing

/// Makes opening a database hang, as on a disk that does not answer: SQLite reads the rollback journal that it
/// finds beside a database, and this one is a FIFO without a writer. Once released, the opening fails.
struct HungDatabase {
    private let journal: String

    /// - Parameter path: A database with content that is not open.
    init(_ path: String) throws {
        journal = path + "-journal"
        try #require(mkfifo(journal, 0o600) == 0)
    }

    func release() {
        // For reading and writing: does not wait, and is the writer that the other side waits for.
        let descriptor = open(journal, O_RDWR | O_NONBLOCK)
        // Before the close, so that no process opens it when there is no writer any more.
        unlink(journal)
        if descriptor >= 0 { close(descriptor) }
    }
}
