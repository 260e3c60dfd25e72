/// An input in the parts that a target needs, such as a line that says what to do and the file to do it to.
///
/// Parts are separated by bytes that people can type, so that seeds can be written and findings read.
struct Input {
    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// The next line without its line feed.
    mutating func line() -> String { String(decoding: lineBytes(), as: UTF8.self) }

    /// The next line without its line feed.
    mutating func lineBytes() -> [UInt8] {
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        defer { rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...] }
        return Array(rest[..<end])
    }

    /// What is left.
    mutating func bytes() -> [UInt8] {
        defer { rest = rest[rest.endIndex...] }
        return Array(rest)
    }
}
