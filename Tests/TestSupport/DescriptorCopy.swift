import Foundation

/// A copy of the descriptor of a file that this process has open, as a child has it until it runs its own program.
package final class DescriptorCopy: Sendable {
    private let descriptor: CInt

    package init(of path: String) throws {
        let own = "/proc/self/fd"
        let names = try FileManager.default.contentsOfDirectory(atPath: own)
        let name = names.first { (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(own)/\($0)")) == path }
        guard let original = name.flatMap({ CInt($0) }) else { throw POSIXError(.ENOENT) }
        descriptor = fcntl(original, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw POSIXError(.EBADF) }
    }

    deinit { close(descriptor) }
}
