import Glibc

/// The file that a name in a directory of the configuration stands for, reached link by link.
///
/// Users who may write in such a directory can put a link there to a file that the daemon can read and they cannot.
/// What is quoted from a file therefore depends on whose links led to it. Each link and directory stays open while it
/// is checked and followed, so it makes no difference if they are replaced meanwhile.
struct ConfigurationEntry {
    /// The regular file, opened for reading.
    let file: Descriptor
    /// What was opened.
    let status: stat
    /// Why nothing may be quoted from the file; `nil` when it may be.
    let withheld: Withholding?

    /// Opens the file.
    ///
    /// - Parameters:
    ///   - directory: The directory whose files may be quoted, and read no matter who owns the links among them.
    ///   - daemon: The user whose rights open the file.
    ///   - readsLinksOfOthers: Whether a file outside the directory is opened that a link of neither root nor the daemon
    ///     leads to.
    /// - Throws: ``FileProblem``, which says nothing of a file that may not be opened, not even whether there is one.
    init(
        _ name: String, in directory: CInt, daemon: uid_t = geteuid(), readsLinksOfOthers: Bool
    ) throws(FileProblem) {
        var walk = try LinkWalk(name, from: directory, daemon: daemon)
        do throws(FileProblem) {
            file = try walk.openFile()
            status = try file.status()
        } catch {
            if walk.isOutside, let owner = walk.stranger { throw Self.refusal(owner) }
            throw error
        }
        if walk.isOutside, let owner = walk.stranger, !readsLinksOfOthers { throw Self.refusal(owner) }
        if walk.isOutside, walk.followedLinkNotOfRoot {
            withheld = .linkNotOfRoot
        } else if status.st_nlink > 1 {
            withheld = .hardLinks
        } else {
            withheld = nil
        }
    }

    private static func refusal(_ owner: uid_t) -> FileProblem {
        FileProblem(
            """
            is not read: a link of user \(owner) leads out of the directory; let root own the link (`chown -h root`) or \
            put the file itself there
            """)
    }
}

/// Why nothing may be quoted from a file.
enum Withholding: String, Sendable {
    case linkNotOfRoot = """
        root does not own a link that leads to it out of the directory; let root own the link (`chown -h root`) or put \
        the file itself there
        """
    case hardLinks = "it has other names (hard links); put a copy in its place"

    /// What is said of its mistakes, in words that follow its name.
    var mistakes: String { "has mistakes, which are not shown because \(rawValue)" }
    /// What is said when it is to be shown, in words that follow its name.
    var text: String { "is not shown because \(rawValue)" }
}

/// Follows a name as the kernel would (path_resolution(7)), and notes where it leads and by whose links.
private struct LinkWalk {
    /// As many as the kernel follows.
    private static let mostLinks = 40
    /// Names in all: each costs calls of the system, and a link can have thousands of them.
    private static let mostNames = 256

    private let daemon: uid_t
    /// The directory where the walk began, whose descriptor is the caller's.
    private let start: CInt
    private let startStatus: stat
    /// Where the walk is; `nil` stands for `start`.
    private var directory: Descriptor?
    /// How many directories below the first one that is; `nil` when it is somewhere else.
    private var depth: Int? = 0
    /// The names still to be followed, the last first, each with its NUL.
    private var names: [[CChar]] = []
    private var links = 0
    private var steps = 0
    /// Whether a link was followed that root does not own.
    private(set) var followedLinkNotOfRoot = false
    /// The owner of a link that was followed, when that is neither root nor the daemon.
    private(set) var stranger: uid_t?

    init(_ name: String, from start: CInt, daemon: uid_t) throws(FileProblem) {
        self.start = start
        self.daemon = daemon
        var status = stat()
        guard fstat(start, &status) == 0 else { throw FileProblem(code: errno) }
        startStatus = status
        add(name.utf8CString.dropLast())
    }

    /// Whether the walk has left the directory.
    var isOutside: Bool { depth == nil }

    /// Walks to the end, and opens the regular file there.
    mutating func openFile() throws(FileProblem) -> Descriptor {
        while let name = names.popLast() {
            steps += 1
            guard steps <= Self.mostNames else { throw FileProblem(code: ELOOP) }
            // Not opened for reading yet: to open a device has effects, and a FIFO would wait for a writer.
            let entry = try open(name, Descriptor.pathOnly)
            let status = try entry.status()
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                try follow(entry, status)
            case S_IFDIR where !names.isEmpty:
                enter(entry, status, named: name)
            case S_IFDIR:
                throw FileProblem("is a directory, not a file")
            case S_IFREG where names.isEmpty:
                let file = try open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
                // Another may have taken its place by now.
                guard try file.status().st_mode & S_IFMT == S_IFREG else { throw FileProblem("is not a regular file") }
                return file
            default:
                throw names.isEmpty ? FileProblem("is not a regular file") : FileProblem(code: ENOTDIR)
            }
        }
        throw FileProblem("is a directory, not a file")
    }

    private func open(_ name: [CChar], _ flags: CInt) throws(FileProblem) -> Descriptor {
        let number = openat(directory?.number ?? start, name, flags | O_NOFOLLOW | O_CLOEXEC)
        if number >= 0 { return Descriptor(number) }
        if errno == ENOENT, links > 0 { throw FileProblem("is a symbolic link that leads nowhere") }
        throw FileProblem(code: errno)
    }

    private mutating func enter(_ entry: Descriptor, _ status: stat, named name: [CChar]) {
        if name == Self.here {
            return
        } else if name == Self.above {
            depth = depth.flatMap { $0 > 0 ? $0 - 1 : nil }
        } else {
            depth = depth.map { $0 + 1 }
        }
        if status.st_dev == startStatus.st_dev, status.st_ino == startStatus.st_ino { depth = 0 }
        directory = entry
    }

    private static let here = Array(".".utf8CString)
    private static let above = Array("..".utf8CString)

    private mutating func follow(_ link: Descriptor, _ status: stat) throws(FileProblem) {
        links += 1
        guard links <= Self.mostLinks else { throw FileProblem(code: ELOOP) }
        if status.st_uid != 0 {
            followedLinkNotOfRoot = true
            if status.st_uid != daemon { stranger = status.st_uid }
        }
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlinkat(link.number, "", &text, text.count)
        guard length >= 0 else { throw FileProblem(code: errno) }
        let target = text.prefix(length)
        if target.first == CChar(bitPattern: UInt8(ascii: "/")) {
            let root = Glibc.open("/", Descriptor.pathOnly | O_DIRECTORY | O_CLOEXEC)
            guard root >= 0 else { throw FileProblem(code: errno) }
            let entry = Descriptor(root)
            let status = try entry.status()
            depth = nil
            enter(entry, status, named: Self.above)
        }
        add(target)
    }

    private mutating func add(_ path: some Collection<CChar>) {
        let parts = path.split(separator: CChar(bitPattern: UInt8(ascii: "/")))
        names += parts.reversed().map { Array($0) + [0] }
    }
}
