import Glibc

/// Ends the process, which libFuzzer counts as a finding, unless the condition holds.
func expect(
    _ condition: Bool, _ violated: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { fail(violated(), file: file, line: line) }
}

/// The value of a call that must not throw.
func expectNoError<Value>(
    _ violated: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line, _ call: () throws -> Value
) -> Value {
    do {
        return try call()
    } catch {
        fail("\(violated()): \(error)", file: file, line: line)
    }
}

/// Ends the process, saying what does not hold.
func fail(_ violated: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
    say("\(file):\(line): \(violated)")
    abort()
}

/// Writes a line to standard error, where libFuzzer writes.
func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
