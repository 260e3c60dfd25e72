import Glibc
import Shell

/// Commands from standard input, one a line.
struct Script {
    let client: Client
    let screen: Screen
    let isJSON: Bool
    /// Whether it continues after a command that failed.
    let keepsGoing: Bool

    /// - Returns: The exit status: that of the first command that failed.
    func run() -> Int32 {
        var input = LineBuffer()
        var number = 0
        var status = ExitStatus.done.rawValue
        while true {
            let line: ArraySlice<UInt8>?
            do throws(Unreadable) {
                line = try next(&input)
            } catch {
                screen.errors.line("invitectl: standard input: \(String(cString: strerror(error.number)))")
                return status == 0 ? ExitStatus.failed.rawValue : status
            }
            guard let line else { return status }
            number += 1
            guard let result = perform(String(decoding: line, as: UTF8.self), number) else { return status }
            if status == 0 { status = result }
            if result != 0, !keepsGoing || result == 130 { return status }
        }
    }

    /// - Returns: The exit status; `nil` when the line ends the script.
    private func perform(_ line: String, _ number: Int) -> Int32? {
        let prefix = "invitectl: line \(number): "
        do throws(CommandFailure) {
            switch try TypedLine(line) {
            case .empty: return ExitStatus.done.rawValue
            case .end: return nil
            case .command(let argv, let isJSON, var paths):
                paths.isScript = true
                return client.run(
                    argv, isJSON: isJSON || self.isJSON, prefix: prefix, mayAsk: false, paths: paths
                ).exitStatus
            }
        } catch {
            return Failure.show(error, on: screen, prefix: prefix, isJSON: isJSON)
        }
    }

    private struct Unreadable: Error {
        /// What `errno` was.
        let number: Int32
    }

    private func next(_ input: inout LineBuffer) throws(Unreadable) -> ArraySlice<UInt8>? {
        while true {
            if let line = input.next() { return line }
            switch screen.signals.wait(for: STDIN_FILENO) {
            case .signal(.interrupt): exit(130)
            case .signal(.terminate(let number)): exit(128 + number)
            case .signal, .tooLate: continue
            case .ready: break
            }
            switch input.read(from: STDIN_FILENO) {
            case .some: continue
            case .end, .tooLong: return input.rest()
            case .failed(let number): throw Unreadable(number: number)
            }
        }
    }
}
