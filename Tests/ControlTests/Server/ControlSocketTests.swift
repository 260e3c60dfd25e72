import Foundation
import Glibc
import Runtime
import TestSupport
import Testing

@testable import Control

@Suite struct ControlSocketTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = "\(directory.path)/control.sock"
    }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    private func inode(_ path: String) -> UInt? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt(status.st_ino) : nil
    }

    private func end(_ socket: ControlSocket) {
        socket.remove()
        close(socket.descriptor)
    }

    @Test func itHasItsModeAndGoesAway() throws {
        let socket = try ControlSocket(binding: path)
        #expect(mode(path) == S_IFSOCK | 0o666)
        end(socket)
        #expect(mode(path) == nil)
        // Nothing but the lock's file is left.
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["control.sock.lock"])
    }

    /// Whenever the path exists, it is a listening socket with its final mode.
    @Test func itIsNeverThereWithAnotherMode() throws {
        let isOver = DispatchSemaphore(value: 0)
        let watcher = Thread { [path] in
            var modes: Set<mode_t> = []
            for _ in 0..<50_000 {
                var status = stat()
                if lstat(path, &status) == 0 { modes.insert(status.st_mode) }
            }
            #expect(modes.isSubset(of: [S_IFSOCK | 0o666]))
            isOver.signal()
        }
        watcher.start()
        for _ in 0..<200 { end(try ControlSocket(binding: path)) }
        isOver.wait()
    }

    @Test func aSecondDaemonDoesNotTakeItAway() throws {
        let first = try ControlSocket(binding: path)
        defer { end(first) }
        let before = inode(path)
        #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: path) }
        #expect(inode(path) == before)
    }

    @Test func anotherMayHaveThePathAtOnce() throws {
        let first = try ControlSocket(binding: path)
        let copy = try DescriptorCopy(of: path + ".lock")
        defer { withExtendedLifetime(copy) {} }
        end(first)
        end(try ControlSocket(binding: path))
    }

    /// The other process does not hold the lock.
    @Test func aSocketThatSomebodyListensOnStays() throws {
        let other = try ControlSocket(binding: path)
        try directory.remove("control.sock.lock")
        let before = inode(path)
        let failure = #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: path) }
        #expect(failure?.description == "somebody listens on `\(path)`")
        #expect(inode(path) == before)
        end(other)
    }

    @Test func theLockIsARegularFile() throws {
        let lock = path + ".lock"
        try directory.write("precious", to: "other")
        #expect(symlink("other", lock) == 0)
        let failure = #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: path) }
        #expect(failure?.description == "`\(lock)` is not a regular file; remove it")
        try directory.remove("control.sock.lock")
        #expect(mkfifo(lock, 0o600) == 0)
        #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: path) }
        #expect(inode(path) == nil)
    }

    @Test func aStaleSocketIsReplaced() throws {
        let first = try ControlSocket(binding: path)
        // As a daemon that was killed leaves it.
        close(first.descriptor)
        try directory.remove("control.sock.lock")
        let before = inode(path)
        let second = try ControlSocket(binding: path)
        #expect(inode(path) != before)
        // The first sees that this is not its own.
        first.remove()
        #expect(inode(path) != nil)
        end(second)
    }

    @Test func whatIsNoSocketStays() throws {
        try directory.write("precious", to: "control.sock")
        let failure = #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: path) }
        #expect(failure?.description == "`\(path)` is not a socket")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func aLinkToASocketStays() throws {
        let other = "\(directory.path)/other.sock"
        let socket = try ControlSocket(binding: other)
        defer { end(socket) }
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: other)
        #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: path) }
    }

    @Test func thePathMayBeAsLongAsAnAddress() throws {
        let long = path + String(repeating: "x", count: 107 - path.utf8.count)
        end(try ControlSocket(binding: long))
        #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: long + "x") }
    }

    @Test func aMissingDirectoryIsAFailure() {
        #expect(throws: ControlSocket.Failure.self) { try ControlSocket(binding: "\(directory.path)/no/control.sock") }
    }
}
