internal import Glibc

/// Directories: what is in them, and that what is in them lasts.
package enum Directory {
    /// Makes a directory that only its owner can use, unless it is there.
    package static func make(_ path: String) throws(FileError) {
        if mkdir(path, 0o700) == 0 {
            // The new directory is durable once the one that it is in is.
            try synchronize(path + "/..")
        } else if errno != EEXIST {
            throw .system(errno, "make the directory \(path)")
        }
    }

    /// Waits until the names in it are on the disk: a file is durable only if the way to it is.
    package static func synchronize(_ path: String) throws(FileError) {
        let directory = try OpenFile(path + "/.", O_RDONLY | O_DIRECTORY)
        let isDone = withExtendedLifetime(directory) { fsync(directory.descriptor) == 0 }
        guard isDone else { throw .system(errno, "write \(path) to the disk") }
    }

    /// What is in it, in no particular order, without itself and the one above.
    package static func names(in path: String) throws(FileError) -> [String] {
        let directory = try OpenFile(path + "/.", O_RDONLY | O_DIRECTORY)
        // Otherwise it could be closed before it is read.
        defer { withExtendedLifetime(directory) {} }
        return try names(in: directory.descriptor, path)
    }

    /// What is in an open directory.
    ///
    /// - Parameter path: What it is called in errors.
    package static func names(in descriptor: CInt, _ path: String) throws(FileError) -> [String] {
        // The stream closes its own.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .system(errno, "read \(path)") }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw .system(code, "read \(path)")
        }
        defer { closedir(stream) }
        // The copies have one position.
        rewinddir(stream)
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .system(errno, "read \(path)") }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    // A name that is not UTF-8 gets replacement characters.
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }
}
