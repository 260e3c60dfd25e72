import Glibc
import TestSupport
import Testing

@testable import Runtime

@Suite struct OpenFileTests {
    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/file" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func failure<Value>(_ body: () throws(FileError) -> Value) -> FileError? {
        do throws(FileError) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsWrittenIsReadFromAnywhere() throws {
        let file = try OpenFile(path, O_CREAT | O_RDWR | O_APPEND)
        try file.write(Array("one".utf8))
        try file.write(Array("two".utf8))
        try file.synchronize()
        #expect(try file.read(100, at: 2) == Array("etwo".utf8))
        #expect(try file.read(2, at: 3) == Array("tw".utf8))
        #expect(try file.read(1, at: 6).isEmpty)
        #expect(try file.status().st_mode & 0o777 == 0o600)
    }

    @Test(arguments: ["link", "fifo", "socket", "directory"]) func onlyRegularFilesAreOpened(kind: String) throws {
        switch kind {
        case "link": #expect(symlink("/dev/zero", path) == 0)
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        case "socket": #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
        default: try directory.makeDirectory("file")
        }
        for flags in [O_RDONLY, O_RDWR | O_CREAT] {
            #expect(failure { () throws(FileError) in try OpenFile(path, flags) } == .notRegular)
        }
    }

    @Test func whatTheSystemRefusesHasItsNumber() {
        let error = failure { () throws(FileError) in try OpenFile(path, O_RDONLY) }
        #expect(error?.code == ENOENT)
        #expect(error?.description == "cannot open \(path): No such file or directory")
    }

    @Test func roomIsReservedWithoutChangingTheFile() throws {
        let file = try OpenFile(path, O_CREAT | O_RDWR | O_APPEND)
        try file.write(Array("one".utf8))
        do throws(FileError) {
            try file.reserve(1 << 20, at: 3)
        } catch {
            // Not every file system can.
            return #expect(error.code == EOPNOTSUPP)
        }
        #expect(try file.status().st_size == 3)
        #expect(try file.status().st_blocks >= 2048)
        try file.truncate(to: 3)
        #expect(try file.status().st_blocks < 100)
    }

    /// Standard error can be such a pipe.
    @Test func aPipeThatIsFullIsWaitedFor() async throws {
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        #expect(fcntl(writer, F_SETFL, O_NONBLOCK) == 0)
        let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0) }
        async let written: Void = try Task.detached {
            defer { close(writer) }
            try OpenFile.write(bytes, to: writer)
        }.value
        let read = await Task.detached {
            var read: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while case let count = Glibc.read(reader, &chunk, chunk.count), count > 0 { read += chunk[..<count] }
            close(reader)
            return read
        }.value
        try await written
        #expect(read == bytes)
    }
}
