/// One mistake in a configuration: where it is, what is wrong, and what was meant.
///
/// Diagnostics sort by file, line and column, which is the order in which to show and to correct them.
package struct Diagnostic: Error, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The place of the mistake.
    package let location: SourceLocation
    /// What is wrong and what was meant, in one line. It never holds the value of a secret.
    package let message: String
    /// The part of it that not every caller may see; `nil` when it names no other host.
    package let rivalry: Rivalry?

    /// The claim of another host that a mistake is about.
    package struct Rivalry: Hashable, Sendable {
        /// The host that the message names.
        package let host: String
        /// The message for callers who may not know of that host.
        package let message: String

        package init(host: String, message: String) {
            self.host = host
            self.message = message
        }
    }

    package init(location: SourceLocation, message: String, rivalry: Rivalry? = nil) {
        self.location = location
        self.message = message
        self.rivalry = rivalry
    }

    /// The mistake as a caller sees it who sees only some hosts.
    package func redacted(seeing isSeen: (String) -> Bool) -> Diagnostic {
        guard let rivalry, !isSeen(rivalry.host) else { return self }
        return Diagnostic(location: location, message: rivalry.message)
    }

    /// The path of the file.
    package var file: String { location.file }
    /// The line, counted from 1.
    package var line: Int { location.line }
    /// The column, counted from 1 in Unicode scalars.
    package var column: Int { location.column }

    package static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        (left.location, left.message) < (right.location, right.message)
    }

    /// `FILE:LINE:COLUMN: message`
    package var description: String { "\(location): \(message)" }
}

/// The mistakes found in one file so far.
package struct DiagnosticReport {
    package let file: String
    private var diagnostics: [Diagnostic] = []
    /// What is no mistake, and yet to be said.
    package private(set) var notes: [Diagnostic] = []
    private var dropped = 0
    private var lastDropped = SourceMark.start

    /// The most mistakes that are reported of one file, which can consist of a million.
    package static let limit = 100

    package init(file: String) {
        self.file = file
    }

    package mutating func add(_ mark: SourceMark, _ message: String) {
        if diagnostics.count < Self.limit {
            diagnostics.append(Diagnostic(location: location(mark), message: message))
        } else {
            dropped += 1
            lastDropped = max(lastDropped, mark)
        }
    }

    package mutating func note(_ mark: SourceMark, _ message: String) {
        notes.append(Diagnostic(location: location(mark), message: message))
    }

    package var isEmpty: Bool { diagnostics.isEmpty }

    /// Leaves of the mistakes, if there are any, only that there are: the file may not be quoted.
    package mutating func withhold(_ reason: String) {
        notes = []
        guard !isEmpty else { return }
        (diagnostics, dropped) = ([Diagnostic(location: location(.start), message: reason)], 0)
    }

    package func location(_ mark: SourceMark) -> SourceLocation {
        SourceLocation(file: file, mark: mark)
    }

    /// All mistakes in order, and how many more there were.
    package var sorted: [Diagnostic] {
        var all = diagnostics.sorted()
        if dropped > 0 {
            let message = "and \(dropped) more mistakes in this file"
            all.append(Diagnostic(location: location(lastDropped), message: message))
        }
        return all.sorted()
    }
}
