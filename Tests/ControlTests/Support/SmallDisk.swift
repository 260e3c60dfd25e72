import Foundation
import Glibc

/// A file system in memory with room for a few blocks. Making one takes root.
struct SmallDisk {
    private let path: String

    static let isPossible: Bool = {
        guard geteuid() == 0, let directory = try? TemporaryMountPoint() else { return false }
        guard let disk = try? SmallDisk(at: directory.path) else { return false }
        disk.unmount()
        return true
    }()

    private final class TemporaryMountPoint {
        let path: String

        init() throws {
            var template = Array("/tmp/invited-mount-XXXXXX".utf8CString)
            guard let made = mkdtemp(&template) else { throw POSIXError(.EIO) }
            path = String(cString: made)
        }

        deinit { rmdir(path) }
    }

    init(at path: String) throws {
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { throw POSIXError(.EPERM) }
        self.path = path
    }

    /// Takes all room that is left.
    func fill() throws {
        let file = open("\(path)/ballast", O_CREAT | O_WRONLY, 0o600)
        defer { close(file) }
        let block = [UInt8](repeating: 0, count: 4096)
        while write(file, block, block.count) > 0 {}
    }

    func empty() throws { unlink("\(path)/ballast") }

    func unmount() { umount2(path, CInt(MNT_DETACH)) }
}
