/// A page of one shape and one language with gaps for its values: what a template was rendered into, once.
final class CompiledPage: Sendable {
    /// All that is the same in each such page, one piece after the other.
    private let bytes: [UInt8]
    /// The gaps in order: how many bytes are before each, and what fills it.
    private let gaps: [(end: Int, slot: Slot)]
    /// The slots that occur, each once.
    private let slots: [Slot]

    private init(bytes: [UInt8], gaps: [(end: Int, slot: Slot)]) {
        self.bytes = bytes
        self.gaps = gaps
        let used = Set(gaps.map(\.slot))
        slots = Slot.allCases.filter(used.contains)
    }

    /// How much memory it takes, about.
    var cost: Int { bytes.count + gaps.count * 16 + 128 }

    /// Whether any page of the shape shows this value.
    func has(_ slot: Slot) -> Bool { slots.contains(slot) }

    /// The page with its gaps filled.
    ///
    /// - Parameter fill: Appends a slot's value, escaped. It is called once for each slot that occurs.
    func render(_ fill: (Slot, inout [UInt8]) -> Void) -> [UInt8] {
        var values: [UInt8] = []
        values.reserveCapacity(1024)
        return withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: Slot.allCases.count) { ranges in
            ranges.initialize(repeating: 0..<0)
            for slot in slots {
                let start = values.count
                fill(slot, &values)
                ranges[Int(slot.rawValue)] = start..<values.count
            }
            var size = bytes.count
            for gap in gaps { size += ranges[Int(gap.slot.rawValue)].count }
            return [UInt8](unsafeUninitializedCapacity: size) { page, count in
                bytes.withUnsafeBufferPointer { bytes in
                    values.withUnsafeBufferPointer { values in
                        var start = 0
                        for gap in gaps {
                            count += page.append(bytes[start..<gap.end], at: count)
                            count += page.append(values[ranges[Int(gap.slot.rawValue)]], at: count)
                            start = gap.end
                        }
                        count += page.append(bytes[start...], at: count)
                    }
                }
            }
        }
    }

    /// Puts a page together, piece by piece.
    struct Builder {
        private var bytes: [UInt8] = []
        private var gaps: [(end: Int, slot: Slot)] = []

        mutating func append(_ piece: some Sequence<UInt8>) { bytes.append(contentsOf: piece) }

        mutating func append(_ slot: Slot) { gaps.append((bytes.count, slot)) }

        func finish() -> CompiledPage { CompiledPage(bytes: bytes, gaps: gaps) }
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes bytes at an offset that has room for them, and says how many they were.
    fileprivate func append(_ piece: Slice<UnsafeBufferPointer<UInt8>>, at offset: Int) -> Int {
        let piece = UnsafeBufferPointer(rebasing: piece)
        guard let source = piece.baseAddress, let target = baseAddress, !piece.isEmpty else { return 0 }
        target.advanced(by: offset).update(from: source, count: piece.count)
        return piece.count
    }
}
