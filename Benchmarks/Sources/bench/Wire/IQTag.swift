/// The bytes of one `<iq …>` start tag, valid only while the scanner's callback runs.
struct IQTag {
    let bytes: UnsafeRawBufferPointer

    /// The raw value between an attribute's quotes. Escapes stay as they are, so that it can be copied into an answer.
    func attribute(_ name: StaticString) -> UnsafeRawBufferPointer? {
        var offset = "<iq ".utf8.count
        while let equals = bytes.firstIndex(of: UInt8(ascii: "="), from: offset), equals + 1 < bytes.count,
            let end = bytes.firstIndex(of: bytes[equals + 1], from: equals + 2)
        {
            let found = bytes[offset..<equals].drop { $0 == UInt8(ascii: " ") }
            if found.elementsEqual(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)) {
                return UnsafeRawBufferPointer(rebasing: bytes[(equals + 2)..<end])
            }
            offset = end + 1
        }
        return nil
    }

    func has(_ name: StaticString, _ value: StaticString) -> Bool {
        guard let found = attribute(name) else { return false }
        return found.elementsEqual(UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    /// The number behind a one-letter prefix in `id`, the form that every request of the load has.
    func number(prefix: UInt8) -> Int? {
        guard let id = attribute("id"), id.first == prefix, id.count < 18 else { return nil }
        var number = 0
        for byte in id.dropFirst() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
