import Text

/// A place in a file, as people and their editors name it.
package struct SourceLocation: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The path of the file, as the daemon was given it or made it from what it was given.
    package let file: String
    /// The line, counted from 1.
    package let line: Int
    /// The column, counted from 1 in Unicode scalars.
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package init(file: String, mark: SourceMark) {
        self.init(file: file, line: Int(mark.line), column: Int(mark.column))
    }

    package static func < (left: SourceLocation, right: SourceLocation) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }

    /// `FILE:LINE:COLUMN`. Control characters in the file's name are escaped: one location is always one line.
    package var description: String { "\(file.escapingControls):\(line):\(column)" }
}

/// A line and a column within a file that is known from the context, both counted from 1.
package struct SourceMark: Hashable, Comparable, Sendable {
    package let line: UInt32
    package let column: UInt32

    package init(line: UInt32, column: UInt32) {
        self.line = line
        self.column = column
    }

    package static let start = SourceMark(line: 1, column: 1)

    package static func < (left: SourceMark, right: SourceMark) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A value from a file, with its location.
package struct Setting<Value: Sendable>: Sendable {
    package let value: Value
    package let mark: SourceMark

    package init(value: Value, mark: SourceMark) {
        self.value = value
        self.mark = mark
    }
}
