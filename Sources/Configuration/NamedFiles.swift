import Glibc
import Pages
import Text
import YAML

/// The files that hosts' files name, read once for all hosts that name them, and again when they change.
struct NamedFiles: Sendable {
    private let directory: String
    private var entries: [Name: Entry] = [:]
    /// The entries used in this load.
    private var fresh: [Name: Entry] = [:]
    private var descriptor: Descriptor?

    private struct Entry: Sendable {
        /// `nil` when it has to be read again in any case.
        let stamp: FileStamp?
        let content: Content
    }

    /// A file for one key. Another key, perhaps in another host's file, may read the same file in another way.
    private struct Name: Hashable, Sendable {
        let key: HostKey
        let path: String
    }

    private enum Content: Sendable {
        case image(SiteImage)
        case apps(SiteApps)
        /// It cannot be used: where in itself, or `nil` for as a whole, and why.
        case bad([(location: SourceLocation?, message: String)])
    }

    init(directory: String) {
        self.directory = directory
    }

    /// Begins another load.
    ///
    /// - Parameter directory: That of the hosts' files.
    mutating func begin(in directory: String) {
        if directory != self.directory { self = NamedFiles(directory: directory) }
        fresh = [:]
        descriptor = nil
    }

    /// Forgets what no host names any more.
    mutating func end() {
        entries = fresh
        descriptor = nil
    }

    /// Reads what a host's settings name.
    ///
    /// - Parameters:
    ///   - place: The location of a setting.
    ///   - now: The wall clock, in nanoseconds since 1970.
    /// - Returns: What is wrong.
    mutating func fill(
        _ pages: inout HostPageSettings, now: Int64, place: (HostKey) -> SourceLocation
    ) -> [Diagnostic] {
        var mistakes: [Diagnostic] = []
        func note(_ key: HostKey, _ path: String, _ problems: [(location: SourceLocation?, message: String)]) {
            for problem in problems {
                let message = problem.location == nil ? "`\(key)` \(path.quoted) \(problem.message)" : problem.message
                mistakes.append(Diagnostic(location: problem.location ?? place(key), message: message))
            }
        }
        if let path = pages.logo?.path {
            switch content(Name(key: .logo, path: path), limit: SiteImage.largest, now: now, Self.image) {
            case .image(let image): pages.logo?.content = image
            case .bad(let problems): note(.logo, path, problems)
            // The key of the other kind of file.
            case .apps: break
            }
        }
        if let path = pages.ownApps?.path {
            let file = Path.join(directory, path)
            let name = Name(key: .siteApps, path: path)
            switch content(name, limit: SiteApps.largest, now: now, { Self.apps($0, file) }) {
            case .apps(let apps): pages.ownApps?.content = apps
            case .bad(let problems): note(.siteApps, path, problems)
            case .image: break
            }
        }
        return mistakes
    }

    private static func image(_ bytes: [UInt8]) -> Content {
        SiteImage(bytes).map { .image($0) }
            ?? .bad([(nil, "is no image: SVG without scripts and entities, PNG, JPEG or WebP")])
    }

    private static func apps(_ bytes: [UInt8], _ name: String) -> Content {
        do throws(PageFileErrors) {
            return .apps(try SiteApps(reading: bytes, file: name))
        } catch {
            return .bad(error.diagnostics.map { ($0.location, $0.message) })
        }
    }

    private mutating func content(
        _ name: Name, limit: Int, now: Int64, _ make: ([UInt8]) -> Content
    ) -> Content {
        if let entry = fresh[name] { return entry.content }
        let entry: Entry
        do throws(FileProblem) {
            entry = try read(name, limit: limit, now: now, make)
        } catch {
            entry = Entry(stamp: nil, content: .bad([(nil, error.message)]))
        }
        fresh[name] = entry
        return entry.content
    }

    private mutating func read(
        _ name: Name, limit: Int, now: Int64, _ make: ([UInt8]) -> Content
    ) throws(FileProblem) -> Entry {
        let descriptor = try openDirectory()
        // Links lead to it as they may to a host's file.
        if let known = entries[name], let stamp = known.stamp,
            FileStamp(try FileReader.status(name.path, in: descriptor.number)) == stamp
        {
            return known
        }
        let file = try FileReader.readConfiguration(
            name.path, in: descriptor.number, limit: limit, readsLinksOfOthers: false)
        var content = make(file.bytes)
        if case .bad = content, let withheld = file.withheld { content = .bad([(nil, withheld.mistakes)]) }
        return Entry(stamp: file.stamp.isSettled(at: now) ? file.stamp : nil, content: content)
    }

    private mutating func openDirectory() throws(FileProblem) -> Descriptor {
        if let descriptor { return descriptor }
        let number = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK)
        guard number >= 0 else { throw FileProblem(code: errno) }
        let opened = Descriptor(number)
        descriptor = opened
        return opened
    }
}
