import Foundation
import NIOCore

/// The client's end of the control socket: lines out, lines in. Blocking calls, each on a thread of its own.
final class ControlClient: Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "control")
    private let reader: LineReader

    /// Connects and reads the hello.
    init(socket path: String) async throws {
        descriptor = try Self.connect(to: path)
        reader = LineReader(descriptor: descriptor)
        guard try await line().contains("\"hello\"") else { throw BenchError("the control socket gave no hello") }
    }

    deinit { Foundation.close(descriptor) }

    private static func connect(to path: String) throws -> Int32 {
        let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError("no socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            Foundation.close(descriptor)
            throw BenchError("cannot connect to \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    func send(_ request: String) throws {
        let bytes = Array((request + "\n").utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw BenchError("the daemon hung up") }
    }

    private func line() async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.reader.next() }) }
        }
    }

    /// Sends a request and waits for its end.
    ///
    /// - Returns: How many lines were received, and how long it all took.
    /// - Throws: When it did not end well.
    @discardableResult
    func run(_ request: String) async throws -> (lines: Int, nanoseconds: Int64) {
        let began = NIODeadline.now()
        let lines = try await lines(of: request)
        return (lines.count, (NIODeadline.now() - began).nanoseconds)
    }

    /// Sends a request and returns the lines that it is answered with, its end included.
    ///
    /// - Throws: When it did not end well.
    func lines(of request: String) async throws -> [String] {
        try send(request)
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        var lines: [String] = []
                        while true {
                            let line = try self.reader.next()
                            lines.append(line)
                            guard line.contains("\"end\":{") else { continue }
                            guard line.contains("\"code\":\"ok\"") else { throw BenchError("\(request): \(line)") }
                            return lines
                        }
                    })
            }
        }
    }

    /// Reads and counts all messages until the end of the request.
    func drain() async throws -> (events: Int, dropped: Int) {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        var events = 0
                        var dropped = 0
                        while true {
                            let line = try self.reader.next()
                            if line.contains("\"end\":{") { return (events, dropped) }
                            if let match = line.firstMatch(of: /"dropped":([0-9]+)/) {
                                dropped += Int(match.1) ?? 0
                            } else {
                                events += 1
                            }
                        }
                    })
            }
        }
    }
}

/// Cuts what a descriptor gives into lines. Used by one thread at a time.
private final class LineReader: @unchecked Sendable {
    // Only the serial queue of its ``ControlClient`` touches it.
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var start = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    func next() throws -> String {
        var searched = start
        while true {
            if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return String(decoding: pending[start..<end], as: UTF8.self)
            }
            pending.removeFirst(start)
            start = 0
            searched = pending.count
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { throw BenchError("the daemon hung up") }
            pending += buffer[..<count]
        }
    }
}
