internal import Glibc

/// Small files that are there whole or not at all, whatever happens while they are written.
package enum DurableFile {
    /// The suffix of the names of files that are being written; they begin with a dot.
    package static let unfinished = ".new"

    /// Writes a file beside its place, onto the disk, and then puts it there (rename(2) is atomic, and durable once the
    /// directory is).
    ///
    /// - Throws: ``FileError``; then what was there before still is.
    package static func write(_ bytes: [UInt8], to name: String, in directory: String) throws(FileError) {
        let path = "\(directory)/\(name)"
        let temporary = "\(directory)/.\(name)\(unfinished)"
        // Whatever is in its place is neither followed nor waited for.
        if unlink(temporary) != 0, errno != ENOENT { throw .system(errno, "remove \(temporary)") }
        do throws(FileError) {
            let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL)
            try file.write(bytes)
            try file.synchronize()
            guard rename(temporary, path) == 0 else { throw .system(errno, "rename \(temporary) to \(name)") }
        } catch {
            unlink(temporary)
            throw error
        }
        try Directory.synchronize(directory)
    }

    /// Reads a regular file, to which no link leads.
    ///
    /// - Parameters:
    ///   - limit: How many bytes to read at most.
    ///   - isWhole: Whether a longer file is an error; otherwise its beginning is enough.
    package static func read(_ path: String, limit: Int, isWhole: Bool) throws(FileError) -> [UInt8] {
        let file = try OpenFile(path, O_RDONLY)
        let bytes = try file.read(min(Int(try file.status().st_size), limit) + 1, at: 0)
        guard bytes.count > limit else { return bytes }
        guard !isWhole else { throw .system(EFBIG, "read \(path)") }
        return Array(bytes.prefix(limit))
    }
}
