import Foundation
import NIOCore

/// A pseudo-terminal in which a program runs.
enum Terminal {
    /// Runs a program in a terminal that is read as fast as it writes.
    ///
    /// - Returns: How long it took from its start until its last byte was read, and how many lines it wrote.
    static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (nanoseconds: Int64, lines: Int) {
        var master: Int32 = -1
        var slave: Int32 = -1
        var size = winsize(ws_row: 50, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&master, &slave, nil, nil, &size) == 0 else { throw BenchError("no pseudo-terminal") }
        let reading = master
        defer { close(reading) }
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TERM": "xterm", "PAGER": "cat"]) { $1 }.merging(environment) { $1 }
        process.standardInput = terminal
        process.standardOutput = terminal
        process.standardError = terminal
        let began = NIODeadline.now()
        try process.run()
        close(slave)
        let lines = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var lines = 0
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    // The end of the last program in a terminal is an error to its other side.
                    let count = read(reading, &buffer, buffer.count)
                    if count <= 0 { break }
                    lines += buffer[..<count].count { $0 == UInt8(ascii: "\n") }
                }
                continuation.resume(returning: lines)
            }
        }
        let time = (NIODeadline.now() - began).nanoseconds
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let line = ([executable] + arguments).joined(separator: " ")
            throw BenchError("\(line) exited with \(process.terminationStatus)")
        }
        return (time, lines)
    }
}
