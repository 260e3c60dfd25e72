import CXAttr
import Foundation
import TestSupport
import Testing

@testable import Configuration

/// Replacing a file: all or nothing, and only its content changes.
@Suite struct ConfigurationFileTests {
    let directory: TemporaryDirectory
    let path: String
    let old = Array("site_name: x\n".utf8)
    let new = Array("site_name: y\n".utf8)

    init() throws {
        directory = try TemporaryDirectory()
        path = "\(directory.path)/config.d/a.example.yaml"
        try directory.write(old, to: "config.d/a.example.yaml")
    }

    private func content(_ path: String) -> [UInt8] { Array(FileManager.default.contents(atPath: path) ?? Data()) }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/config.d").sorted()
    }

    private func status(_ path: String) throws -> stat { try FileReader.status(path) }

    @Test(arguments: [0o600, 0o640, 0o664, 0o444] as [mode_t]) func permissionsStay(mode: mode_t) throws {
        chmod(path, mode)
        let before = try status(path)
        try ConfigurationFile.replace(path, expecting: old, with: new)
        let after = try status(path)
        #expect(content(path) == new)
        #expect(after.st_mode == before.st_mode)
        #expect(after.st_ino != before.st_ino, "it is another file, so that no reader sees half of it")
        #expect(try names() == ["a.example.yaml"])
    }

    @Test(.enabled(if: geteuid() == 0)) func ownerAndGroupStay() throws {
        chown(path, 12_345, 54_321)
        try ConfigurationFile.replace(path, expecting: old, with: new)
        let after = try status(path)
        #expect(after.st_uid == 12_345 && after.st_gid == 54_321)
    }

    @Test func whatCannotBeKeptIsTold() throws {
        let nothing = try ConfigurationFile.replace(path, expecting: old, with: new)
        #expect(nothing == [])
        link(path, "\(directory.path)/other.yaml")
        chmod(path, 0o4644)
        let lost = try ConfigurationFile.replace(path, expecting: new, with: old)
        #expect(lost == ["mode", "other hard links"])
        #expect(content("\(directory.path)/other.yaml") == new)
    }

    /// The access control list as the kernel has it: the version, then tag, permissions and id of each entry.
    private func accessList(grantingTo user: UInt32) -> [UInt8] {
        let entries: [(tag: UInt16, permissions: UInt16, id: UInt32)] = [
            (0x01, 6, .max), (0x02, 6, user), (0x04, 0, .max), (0x10, 6, .max), (0x20, 0, .max),
        ]
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
        return bytes(UInt32(2)) + entries.flatMap { bytes($0.tag) + bytes($0.permissions) + bytes($0.id) }
    }

    private func accessList(of path: String) -> [UInt8]? {
        var list = [UInt8](repeating: 0, count: 1024)
        let size = getxattr(path, "system.posix_acl_access", &list, list.count)
        return size < 0 ? nil : Array(list.prefix(size))
    }

    @Test func theAccessControlListStays() throws {
        let list = accessList(grantingTo: 12_345)
        // Where the file system has none, there is none to lose.
        guard setxattr(path, "system.posix_acl_access", list, list.count, 0) == 0 else { return }
        let lost = try ConfigurationFile.replace(path, expecting: old, with: new)
        #expect(lost == [])
        #expect(accessList(of: path) == list)
    }

    @Test func theDirectoryGivesTheFileNoAccessControlList() throws {
        let list = accessList(grantingTo: 12_345)
        let before = try status(path)
        let directory = Path.directory(of: path)
        guard setxattr(directory, "system.posix_acl_default", list, list.count, 0) == 0 else { return }
        let lost = try ConfigurationFile.replace(path, expecting: old, with: new)
        #expect(lost == [])
        #expect(accessList(of: path) == nil)
        #expect(try status(path).st_mode == before.st_mode)
    }

    @Test func aChangedFileIsLeftAlone() throws {
        try directory.write("site_name: z\n", to: "config.d/a.example.yaml")
        #expect(throws: ConfigurationFile.Problem.changed(path)) {
            try ConfigurationFile.replace(path, expecting: old, with: new)
        }
        #expect(content(path) == Array("site_name: z\n".utf8))
        #expect(try names() == ["a.example.yaml"])
    }

    @Test func aSymbolicLinkStaysOne() throws {
        try directory.write(old, to: "elsewhere/real.yaml")
        try directory.remove("config.d/a.example.yaml")
        symlink("../elsewhere/link.yaml", path)
        symlink("real.yaml", "\(directory.path)/elsewhere/link.yaml")
        try ConfigurationFile.replace(path, expecting: old, with: new)
        #expect(content("\(directory.path)/elsewhere/real.yaml") == new)
        var link = stat()
        #expect(lstat(path, &link) == 0 && link.st_mode & S_IFMT == S_IFLNK)
        #expect(lstat("\(directory.path)/elsewhere/link.yaml", &link) == 0 && link.st_mode & S_IFMT == S_IFLNK)
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/elsewhere").sorted()
        #expect(left == ["link.yaml", "real.yaml"])
    }

    @Test func whatAKilledDaemonLeftIsRemoved() throws {
        for name in [".invited-abc123.new", ".invited-abc12.new", ".invited-backup", ".invited-abcdefg.new", "b.yaml"] {
            try directory.write(old, to: "config.d/\(name)")
        }
        mkfifo("\(directory.path)/config.d/.invited-fifo00.new", 0o600)
        try ConfigurationFile.replace(path, expecting: old, with: new)
        let others = [".invited-abc12.new", ".invited-abcdefg.new", ".invited-backup", ".invited-fifo00.new"]
        #expect(try names() == others + ["a.example.yaml", "b.yaml"])
    }

    @Test func whatIsBeingWrittenIsLeftAlone() throws {
        try directory.write(old, to: "config.d/.invited-abc123.new")
        let file = open("\(directory.path)/config.d/.invited-abc123.new", O_RDONLY)
        defer { close(file) }
        #expect(flock(file, LOCK_EX | LOCK_NB) == 0)
        try ConfigurationFile.replace(path, expecting: old, with: new)
        #expect(try names() == [".invited-abc123.new", "a.example.yaml"])
    }

    @Test func pathsAreBytes() {
        #expect(Path.directory(of: "/x/\u{301}a.yaml") == "/x")
        #expect(HostFile(path: "/x/\u{301}a.yaml", bytes: []).name == "\u{301}a.yaml")
    }

    @Test(arguments: ["a.fifo", "a.directory", "/dev/null", "nowhere"]) func whatIsNoFileIsRefused(target: String)
        throws
    {
        mkfifo("\(directory.path)/config.d/a.fifo", 0o600)
        try directory.makeDirectory("config.d/a.directory")
        try directory.remove("config.d/a.example.yaml")
        symlink(target, path)
        let before = try names()
        #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.replace(path, expecting: [], with: new)
        }
        #expect(try names() == before)
    }

    @Test func aMissingFileIsNotMade() throws {
        try directory.remove("config.d/a.example.yaml")
        #expect(throws: ConfigurationFile.Problem.io("\(path) cannot be found: No such file or directory", hint: nil)) {
            try ConfigurationFile.replace(path, expecting: [], with: new)
        }
        #expect(try names() == [])
    }

    /// Root may write to any directory, but not to an immutable one.
    @Test(.enabled(if: geteuid() != 0)) func aDirectoryWithoutPermissionIsExplained() throws {
        chmod("\(directory.path)/config.d", 0o500)
        defer { chmod("\(directory.path)/config.d", 0o700) }
        let problem = #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.replace(path, expecting: old, with: new)
        }
        guard case .io(let message, let hint?) = problem else { throw CancellationError() }
        #expect(message == "\(path) cannot be written: Permission denied")
        #expect(hint.contains("\(directory.path)/config.d"))
        #expect(content(path) == old)
    }

    @Test(.enabled(if: geteuid() == 0)) func aFullDiskLeavesTheFileAsItWas() throws {
        try withMount("size=16k,nr_inodes=10") { path in
            // The file takes one page, so that the new one does not fit.
            let old = [UInt8](repeating: UInt8(ascii: "#"), count: 4096)
            try Data(old).write(to: URL(filePath: path))
            let new = [UInt8](repeating: UInt8(ascii: "#"), count: 32_768)
            let problem = #expect(throws: ConfigurationFile.Problem.self) {
                try ConfigurationFile.replace(path, expecting: old, with: new)
            }
            #expect(problem?.description == "\(path) cannot be written: No space left on device")
            #expect(content(path) == old)
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func aReadOnlyFileSystemIsExplained() throws {
        try withMount("size=64k") { path in
            try Data(old).write(to: URL(filePath: path))
            let mountPoint = Path.directory(of: path)
            guard mount("none", mountPoint, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
                return
            }
            let problem = #expect(throws: ConfigurationFile.Problem.self) {
                try ConfigurationFile.replace(path, expecting: old, with: new)
            }
            guard case .io(let message, let hint?) = problem else { throw CancellationError() }
            #expect(message == "\(path) cannot be written: Read-only file system")
            #expect(hint.contains("ReadWritePaths=\(mountPoint)"))
            #expect(content(path) == old)
        }
    }

    /// Runs a body with a path in a small file system of its own, where mounting is possible, and checks for leftovers.
    private func withMount(_ options: String, _ body: (String) throws -> Void) throws {
        let mountPoint = "\(directory.path)/mount"
        try directory.makeDirectory("mount")
        guard mount("none", mountPoint, "tmpfs", 0, options) == 0 else { return }
        defer { umount2(mountPoint, Int32(MNT_DETACH)) }
        try body("\(mountPoint)/a.example.yaml")
        #expect(try FileManager.default.contentsOfDirectory(atPath: mountPoint) == ["a.example.yaml"])
    }
}
