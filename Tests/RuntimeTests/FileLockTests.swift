import Foundation
import TestSupport
import Testing

@testable import Runtime

@Suite struct FileLockTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = "\(directory.path)/lock"
    }

    private func failure<Value>(_ body: () throws(FileLock.Failure) -> Value) -> FileLock.Failure? {
        do throws(FileLock.Failure) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    private var failureOfFile: FileLock.Failure? { failure { () throws(FileLock.Failure) in try FileLock.file(path) } }

    @Test func oneHolds() throws {
        var lock: FileLock? = try .file(path)
        #expect(failureOfFile == .taken)
        lock?.release()
        #expect(failureOfFile == nil)
        lock = nil
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func theLastUserGivesItBack() throws {
        do {
            let lock = try FileLock.file(path)
            #expect(failureOfFile == .taken)
            withExtendedLifetime(lock) {}
        }
        #expect(failureOfFile == nil)
    }

    @Test func onlyARegularFileIsLocked() throws {
        #expect(mkfifo(path, 0o600) == 0)
        #expect(failureOfFile == .notRegular)
        try directory.remove("lock")
        try directory.makeDirectory("lock")
        #expect(failureOfFile == .notRegular)
        try directory.remove("lock")
        for target in ["elsewhere", "/dev/null", "nowhere"] {
            try directory.write("", to: "elsewhere")
            #expect(symlink(target, path) == 0)
            #expect(failureOfFile == .notRegular)
            try directory.remove("lock")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/nowhere"), "no link is followed")
    }

    @Test func aMissingDirectoryIsTold() {
        let path = "\(directory.path)/missing/lock"
        let result = failure { () throws(FileLock.Failure) in try FileLock.file(path) }
        #expect(result == .system(ENOENT, "open \(path)"))
    }

    @Test func theLockIsOfTheFileThatHasThePath() throws {
        let path = path
        var times = 0
        let lock = try FileLock.file(path) {
            times += 1
            // Another process removes it, and in the second round puts another file there.
            if times <= 2 { unlink(path) }
            if times == 2 { close(open(path, O_WRONLY | O_CREAT, 0o600)) }
        }
        #expect(times == 3)
        #expect(failureOfFile == .taken, "the lock is of a file that nobody else can find")
        lock.release()
    }

    @Test func aFileThatIsAlwaysReplacedIsNotLocked() {
        let path = path
        let result = failure { () throws(FileLock.Failure) in try FileLock.file(path) { unlink(path) } }
        #expect(result == .taken)
    }

    @Test func aDirectoryIsLockedWithoutAFile() throws {
        let path = directory.path
        let lock = try #require(try FileLock.directory(path))
        #expect(failure { () throws(FileLock.Failure) in try FileLock.directory(path) } == .taken)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
        lock.release()
        #expect(failure { () throws(FileLock.Failure) in try FileLock.directory(path) } == nil)
    }
}
