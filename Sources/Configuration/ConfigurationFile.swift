internal import Glibc
internal import Runtime
internal import Text
import YAML

/// Reads and replaces files of the configuration that people write, too.
package enum ConfigurationFile {
    /// Why a file is not as it was to be.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// Another process has changed it meanwhile.
        case changed(String)
        /// The system did not do it; the text says what and why, the hint what could be done.
        case io(String, hint: String?)

        package var description: String {
            switch self {
            case .changed(let file): "\(file.escapingControls) has been changed by somebody else"
            case .io(let message, _): message
            }
        }
    }

    /// The content of a host's file.
    ///
    /// - Parameter isShown: Whether a person is to see it. A file that may not be quoted is then refused; otherwise it is
    ///   only where it has mistakes, since it may be any other file.
    /// - Throws: ``Problem/io(_:hint:)``.
    package static func read(_ path: String, isShown: Bool) throws(Problem) -> [UInt8] {
        do throws(FileProblem) {
            let file = try FileReader.readConfiguration(
                path, limit: YAMLReader.largestFile, readsLinksOfOthers: false)
            if let withheld = file.withheld {
                if isShown { throw FileProblem(withheld.text) }
                if !HostFile(path: path, bytes: file.bytes).diagnostics.isEmpty { throw FileProblem(withheld.mistakes) }
            }
            return file.bytes
        } catch {
            throw .io("\(path.escapingControls) \(error.message)", hint: nil)
        }
    }

    /// Replaces the content of a file atomically: a reader finds the old content or the new one, also after a loss of
    /// power.
    ///
    /// A symbolic link stays one, and the file that it leads to is replaced. The file keeps its permissions, and its
    /// owner and group where the daemon may give them away. It waits for the disk.
    ///
    /// - Parameter old: What the file has to hold.
    /// - Returns: What of the old file the new one does not have, such as its `owner`; mostly nothing.
    /// - Throws: ``Problem``; then the file is as it was.
    @discardableResult
    package static func replace(
        _ path: String, expecting old: [UInt8], with new: [UInt8]
    ) throws(Problem) -> [String] {
        guard let target = resolved(path) else { throw io(path, "be found", errno, in: Path.directory(of: path)) }
        guard try read(path, isShown: false) == old else { throw .changed(path) }
        let status: stat
        do {
            status = try FileReader.status(target)
        } catch {
            throw .io("\(path.escapingControls) \(error.message)", hint: nil)
        }
        let directory = Path.directory(of: target)
        TemporaryFile.removeAbandoned(in: directory)
        var temporary = TemporaryFile(in: directory)
        let lost: [String]
        do {
            lost = try temporary.write(new, like: target, status)
            // The last check before the old content is gone.
            guard try read(target, isShown: false) == old else { throw Problem.changed(path) }
            try temporary.rename(to: target)
        } catch let problem as Problem {
            throw problem
        } catch let error as TemporaryFile.Failure {
            throw io(path, error.action, error.code, in: directory)
        } catch {
            throw .io("\(path.escapingControls) cannot be written", hint: nil)
        }
        // The name is what a directory holds. Where that cannot be made durable, the content still is.
        try? Directory.synchronize(directory)
        return lost
    }

    /// Removes what a daemon has left in a directory that was killed while it replaced a file there.
    package static func removeLeftovers(in directory: String) {
        TemporaryFile.removeAbandoned(in: directory)
    }

    /// Checks whether a file could be replaced, for callers that want to know before they do the work.
    ///
    /// - Throws: ``Problem`` as ``replace(_:expecting:with:)`` would.
    package static func requireReplaceable(_ path: String) throws(Problem) {
        guard let target = resolved(path) else { throw io(path, "be found", errno, in: Path.directory(of: path)) }
        let directory = Path.directory(of: target)
        guard access(directory, W_OK | X_OK) == 0 else { throw io(path, "be written", errno, in: directory) }
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func io(_ path: String, _ action: String, _ code: CInt, in directory: String) -> Problem {
        let message = "\(path.escapingControls) cannot \(action): \(String(cString: strerror(code)))"
        let hint: String? =
            switch code {
            case EROFS:
                "let the daemon write there: `ReadWritePaths=\(directory)` in its unit, and a directory of its user's"
            case EACCES, EPERM: "the daemon's user must be able to make files in \(directory.escapingControls)"
            case ENOSPC, EDQUOT: "make room in \(directory.escapingControls)"
            default: nil
            }
        return .io(message, hint: hint)
    }
}
