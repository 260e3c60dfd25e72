import Glibc
import Runtime
import Text

/// The directory of the hosts' files, and what was read from it so far.
struct HostDirectory: Sendable {
    let path: String
    private var files: [String: HostFile] = [:]

    init(path: String) {
        self.path = path
    }

    struct Scan {
        /// The hosts' files, ordered by name.
        let files: [HostFile]
        /// How many of them were opened; the others are as they were before.
        let filesRead: Int
    }

    /// Lists the directory, and reads those files that are new or have changed.
    ///
    /// - Parameter user: The user for whom the files are checked, when that is not the one who reads them.
    /// - Throws: ``FileProblem`` when the directory cannot be listed to its end. What was known before stays known.
    mutating func scan(now: Int64, for user: DaemonUser? = nil) throws(FileProblem) -> Scan {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileProblem(code: errno) }
        defer { close(descriptor) }

        var current: [HostFile] = []
        current.reserveCapacity(files.count)
        var filesRead = 0
        for name in try Self.names(in: descriptor) {
            switch HostFileName(name) {
            case .ignored: continue
            case .misnamed(let message):
                current.append(HostFile(misnamed: name, path: Path.join(path, name), message: message))
            case .host:
                if let known = files[name], Self.isUnchanged(known, name: name, in: descriptor) {
                    current.append(known)
                } else if Self.exists(name, in: descriptor) {
                    current.append(
                        HostFile(name: name, path: Path.join(path, name), in: descriptor, now: now, for: user))
                    filesRead += 1
                }
            }
        }
        files = Dictionary(current.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return Scan(files: current.sorted { $0.name < $1.name }, filesRead: filesRead)
    }

    private static func names(in descriptor: CInt) throws(FileProblem) -> [String] {
        do throws(FileError) {
            return try Directory.names(in: descriptor, "the directory")
        } catch {
            throw FileProblem(code: error.code ?? EIO)
        }
    }

    private static func isUnchanged(_ file: HostFile, name: String, in directory: CInt) -> Bool {
        // Two file names can be one string to Unicode and two to the file system.
        guard file.name.utf8.elementsEqual(name.utf8) else { return false }
        guard let stamp = file.stamp, let status = try? FileReader.status(file.name, in: directory) else {
            return false
        }
        return FileStamp(status) == stamp
    }

    /// Whether the entry still exists: it may be removed between listing and reading, which is no mistake.
    private static func exists(_ name: String, in directory: CInt) -> Bool {
        var status = stat()
        // An entry that may not be examined, in a directory that may only be listed, exists all the same.
        return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT
    }
}

/// How a name in the hosts' directory is treated.
enum HostFileName {
    /// Not a host's file, nor mistaken for one: hidden, a backup, an editor's or a package manager's leftover.
    case ignored
    case host
    /// Nearly the name of a host's file: to ignore it silently would puzzle operators.
    case misnamed(String)

    init(_ name: String) {
        if name.utf8.first == UInt8(ascii: ".") {
            self = .ignored
        } else if name.utf8.suffix(5).elementsEqual(".yaml".utf8) {
            self = name.unicodeScalars.contains("\u{FFFD}") ? .misnamed("the file's name is not UTF-8") : .host
        } else if let dot = name.lastIndex(of: "."), ["yml", "yaml"].contains(name[dot...].dropFirst().lowercased()) {
            self = .misnamed("this file is not read: name it \("\(name[..<dot]).yaml".quoted)")
        } else {
            self = .ignored
        }
    }
}
