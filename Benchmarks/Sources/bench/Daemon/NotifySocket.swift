import Foundation
import NIOCore

/// The receiving end of `sd_notify(3)`: one datagram for each change of state.
final class NotifySocket {
    struct Message: Sendable {
        var time: NIODeadline
        var text: String
    }

    let path: String
    private let messages: AsyncStream<Message>
    private let continuation: AsyncStream<Message>.Continuation
    private let source: any DispatchSourceRead

    init(path: String) throws {
        self.path = path
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError("no socket for sd_notify") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw BenchError("\(path) is too long for a socket's name")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw BenchError("cannot bind \(path)") }

        let (messages, continuation) = AsyncStream.makeStream(of: Message.self)
        self.messages = messages
        self.continuation = continuation
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return }
            continuation.yield(Message(time: .now(), text: String(decoding: buffer[..<count], as: UTF8.self)))
        }
        source.setCancelHandler {
            Foundation.close(descriptor)
        }
        source.resume()
    }

    /// The first message with this line, from now on.
    func first(saying line: String, within limit: Duration) async throws -> Message {
        let stop = Task { [continuation] in
            try await Task.sleep(for: limit)
            continuation.finish()
        }
        defer { stop.cancel() }
        for await message in messages where message.text.split(separator: "\n").contains(Substring(line)) {
            return message
        }
        throw BenchError("no \(line) within \(limit)")
    }

    func close() {
        continuation.finish()
        source.cancel()
    }
}
