internal import NIOCore

/// Cuts what comes into lines. It holds no more than one read beyond the longest line.
struct LineSplitter {
    /// Bytes of a line without its end.
    static let longestLine = 256 * 1024

    enum Result: Equatable {
        /// A line without its end, `\n` or `\r\n`.
        case line([UInt8])
        /// The line that is coming is too long.
        case tooLong
    }

    private var buffer = ByteBuffer()
    /// Bytes of the buffer, from its reader index, in which there is no end of a line.
    private var searched = 0

    /// Bytes that wait to become lines.
    var count: Int { buffer.readableBytes }

    mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            searched = 0
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
    }

    /// The next line; `nil` when it is not complete.
    mutating func next() -> Result? {
        let view = buffer.readableBytesView
        guard let end = view[(view.startIndex + searched)...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = view.count
            if view.count > Self.longestLine { return .tooLong }
            return nil
        }
        let length = end - view.startIndex
        guard length <= Self.longestLine else { return .tooLong }
        var line = buffer.readBytes(length: length) ?? []
        buffer.moveReaderIndex(forwardBy: 1)
        searched = 0
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return .line(line)
    }

    /// What is left when nothing more comes: a last line without its end, if there is any.
    mutating func rest() -> [UInt8]? {
        defer { buffer.clear() }
        guard buffer.readableBytes > 0 else { return nil }
        return buffer.readBytes(length: buffer.readableBytes)
    }
}
