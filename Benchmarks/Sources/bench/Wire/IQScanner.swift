import Glibc
import NIOCore

/// Finds `<iq …>` start tags, nested ones too, in a stream of stanzas and parses nothing else.
///
/// The load shares its processors with what it measures, so it reads answers at the price of a `memchr`. That is sound
/// because the servers escape `<` and `>` in text and attributes.
struct IQScanner {
    private var pending = ByteBuffer()

    mutating func feed(_ bytes: inout ByteBuffer, _ found: (IQTag) -> Void) {
        pending.writeBuffer(&bytes)
        let consumed = pending.withUnsafeReadableBytes { Self.scan($0, found) }
        pending.moveReaderIndex(forwardBy: consumed)
        pending.discardReadBytes()
    }

    private static func scan(_ bytes: UnsafeRawBufferPointer, _ found: (IQTag) -> Void) -> Int {
        var offset = 0
        while let start = bytes.firstIndex(of: UInt8(ascii: "<"), from: offset) {
            guard start + 4 <= bytes.count else { return start }
            offset = start + 1
            guard bytes[start + 1] == UInt8(ascii: "i"), bytes[start + 2] == UInt8(ascii: "q"),
                bytes[start + 3] == UInt8(ascii: " ")
            else { continue }
            guard let close = bytes.firstIndex(of: UInt8(ascii: ">"), from: offset) else { return start }
            found(IQTag(bytes: UnsafeRawBufferPointer(rebasing: bytes[start...close])))
            offset = close + 1
        }
        return bytes.count
    }
}

extension UnsafeRawBufferPointer {
    /// `memchr`, in indices.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard let baseAddress, start < count else { return nil }
        return memchr(baseAddress + start, Int32(byte), count - start).map { UnsafeRawPointer($0) - baseAddress }
    }
}
