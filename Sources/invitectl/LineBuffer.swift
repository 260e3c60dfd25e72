import Glibc

/// Bytes that wait to become lines.
struct LineBuffer {
    /// The longest line that is read.
    static let limit = 16 << 20

    enum Result {
        case some
        case end
        /// What `errno` is.
        case failed(Int32)
        case tooLong
    }

    private var bytes: [UInt8] = []
    private var start = 0
    /// Up to where there is no end of a line.
    private var searched = 0

    /// Reads what is available.
    mutating func read(from descriptor: Int32) -> Result {
        if start > 0 {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        guard bytes.count <= Self.limit else { return .tooLong }
        let room = 64 * 1024
        var count = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
            count = Glibc.read(descriptor, buffer.baseAddress, room)
            filled = max(0, count)
        }
        if count < 0 { return errno == EINTR || errno == EAGAIN ? .some : .failed(errno) }
        bytes.append(contentsOf: chunk)
        return count == 0 ? .end : .some
    }

    var hasLine: Bool { bytes[searched...].contains(UInt8(ascii: "\n")) }

    /// The next line without its end; `nil` when it is not complete.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            return nil
        }
        let line = bytes[start..<end]
        start = end + 1
        searched = start
        return Self.withoutReturn(line)
    }

    /// The bytes after the last end of a line.
    mutating func rest() -> ArraySlice<UInt8>? {
        guard start < bytes.count else { return nil }
        defer { (start, searched) = (bytes.count, bytes.count) }
        return Self.withoutReturn(bytes[start...])
    }

    private static func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}
