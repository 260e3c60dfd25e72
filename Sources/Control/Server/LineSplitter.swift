internal import NIOCore

/// Splits input into lines. It holds no more than one read beyond the longest line.
struct LineSplitter {
    /// Bytes of a line without its end.
    static let longestLine = 256 * 1024

    enum Result: Equatable {
        /// A line without its end, `\n` or `\r\n`.
        case line([UInt8])
        /// The line that is being received is too long.
        case tooLong
    }

    /// The beginning of the next line, in which there is no end of a line. It is apart from the rest, so that nothing is
    /// searched twice without a position to be remembered.
    private var beginning: [UInt8] = []
    /// What follows it, not searched yet.
    private var unread = ByteBuffer()

    mutating func append(_ bytes: inout ByteBuffer) {
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            unread.discardReadBytes()
            unread.writeBuffer(&bytes)
        }
    }

    /// The next line; `nil` when it is not complete.
    ///
    /// - Parameter isInputOver: Whether the input has ended, which ends a last line without a line break.
    mutating func next(isInputOver: Bool) -> Result? {
        let view = unread.readableBytesView
        let end = view.firstIndex(of: UInt8(ascii: "\n"))
        let length = end.map { view.distance(from: view.startIndex, to: $0) } ?? view.count
        guard beginning.count + length <= Self.longestLine else { return .tooLong }
        beginning += unread.readBytes(length: length) ?? []
        if end != nil {
            unread.moveReaderIndex(forwardBy: 1)
        } else if !isInputOver || beginning.isEmpty {
            return nil
        }
        var line: [UInt8] = []
        swap(&line, &beginning)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return .line(line)
    }
}
