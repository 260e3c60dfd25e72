import CLibEdit
import Glibc

/// Which streams are a terminal, and its size.
struct Terminal {
    let isInput = isatty(STDIN_FILENO) == 1
    let isOutput = isatty(STDOUT_FILENO) == 1
    let isError = isatty(STDERR_FILENO) == 1

    /// Whether there is a person to ask.
    var isInteractive: Bool { isInput && isOutput }

    /// Whether it only takes line after line: nothing is coloured, cleared or paged.
    let isDumb = (Environment["TERM"] ?? "dumb") == "dumb"

    /// Whether states are coloured: on a terminal that can, unless `NO_COLOR` says otherwise (no-color.org).
    var isColored: Bool { isOutput && Environment["NO_COLOR"] == nil && !isDumb }

    /// Columns of the terminal that shows the output; 0 where there is none.
    var width: Int { isOutput ? size.columns : 0 }

    /// Rows of the terminal.
    var height: Int { size.rows }

    private var size: (columns: Int, rows: Int) {
        var (columns, rows): (UInt16, UInt16) = (0, 0)
        guard terminal_size(STDOUT_FILENO, &columns, &rows) == 0 else { return (80, 24) }
        return (columns == 0 ? 80 : Int(columns), rows == 0 ? 24 : Int(rows))
    }
}

/// The process's environment.
enum Environment {
    /// The value; `nil` where there is none or it is empty.
    static subscript(name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
