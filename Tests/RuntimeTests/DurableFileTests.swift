import Glibc
import TestSupport
import Testing

@testable import Runtime

@Suite struct DurableFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func write(_ text: String) throws {
        try DurableFile.write(Array(text.utf8), to: "file", in: directory.path)
    }

    @Test func itReplacesWhatWasThere() throws {
        try write("one")
        try write("two")
        #expect(try directory.read("file") == "two")
        #expect(try Directory.names(in: directory.path) == ["file"])
    }

    /// Such as a directory, whose place a file cannot take.
    @Test func whatCannotBeReplacedStaysAndNothingElseIsLeft() throws {
        try directory.makeDirectory("file")
        #expect(throws: FileError.self) { try write("one") }
        #expect(try Directory.names(in: directory.path) == ["file"])
    }

    @Test func whatAnotherWriterLeftIsNotFollowed() throws {
        try directory.write("untouched", to: "other")
        #expect(symlink("other", "\(directory.path)/.file\(DurableFile.unfinished)") == 0)
        try write("one")
        #expect(try directory.read("other") == "untouched")
        #expect(try directory.read("file") == "one")
    }

    @Test func aLongFileIsCutOrAnError() throws {
        try write("123456")
        let path = "\(directory.path)/file"
        #expect(try DurableFile.read(path, limit: 6, isWhole: true) == Array("123456".utf8))
        #expect(try DurableFile.read(path, limit: 5, isWhole: false) == Array("12345".utf8))
        #expect(throws: FileError.system(EFBIG, "read \(path)")) {
            try DurableFile.read(path, limit: 5, isWhole: true)
        }
    }
}

@Suite struct DirectoryTests {
    @Test func itHasEveryNameOnce() throws {
        let directory = try TemporaryDirectory()
        let names = Set((0..<300).map { "file \($0)" } + [".hidden"])
        for name in names { try directory.write("", to: name) }
        #expect(try Set(Directory.names(in: directory.path)) == names)
        // An open one can be read more than once.
        let open = try OpenFile(directory.path, O_RDONLY | O_DIRECTORY)
        defer { withExtendedLifetime(open) {} }
        for _ in 0..<2 {
            let found = try Directory.names(in: open.descriptor, directory.path)
            #expect(found.count == names.count && Set(found) == names)
        }
    }

    @Test func itIsMadeForItsOwnerOnly() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/new"
        for _ in 0..<2 { try Directory.make(path) }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(throws: FileError.system(ENOENT, "make the directory \(path)/a/b")) {
            try Directory.make(path + "/a/b")
        }
    }
}
