import Glibc
import Shell

/// Commands from standard input, one a line.
struct Script {
    let client: Client
    let screen: Screen
    let isJSON: Bool
    /// Whether it goes on after a command that failed.
    let keepsGoing: Bool

    /// - Returns: The exit status: that of the first command that failed.
    func run() -> Int32 {
        var input = LineBuffer()
        var number = 0
        var status = ExitStatus.done.rawValue
        while let line = next(&input) {
            number += 1
            let result = perform(String(decoding: line, as: UTF8.self), number)
            if status == 0 { status = result }
            if result != 0, !keepsGoing || result == 130 { break }
        }
        return status
    }

    private func perform(_ line: String, _ number: Int) -> Int32 {
        let prefix = "invitectl: line \(number): "
        do {
            let words = try Words(line).words
            if words.isEmpty { return 0 }
            return client.run(words, isJSON: isJSON, prefix: prefix, mayAsk: false).exitStatus
        } catch {
            let presentation: any Presentation =
                isJSON ? JSONPresentation(screen) : TextPresentation(screen, nil, prefix: prefix)
            presentation.end(.init(.badArgument, "\(error)"), line: nil)
            return ExitStatus.usage.rawValue
        }
    }

    private func next(_ input: inout LineBuffer) -> ArraySlice<UInt8>? {
        while true {
            if let line = input.next() { return line }
            switch screen.signals.wait(for: STDIN_FILENO) {
            case .signal(.interrupt): exit(130)
            case .signal(.terminate(let number)): exit(128 + number)
            case .signal, .tooLate: continue
            case .ready: break
            }
            if case .some = input.read(from: STDIN_FILENO) { continue }
            return input.rest()
        }
    }
}
