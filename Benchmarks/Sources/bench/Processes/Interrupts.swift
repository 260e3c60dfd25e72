import Foundation

/// Ends the children and removes the scratch directory when the run is interrupted.
struct Interrupts {
    private let sources: [any DispatchSourceSignal]

    init(scratch: Scratch) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                RunningProcesses.killAll()
                scratch.remove()
                exit(128 + number)
            }
            source.resume()
            return source
        }
    }
}
