extension [Double] {
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

extension Array where Element: BinaryInteger {
    /// The least value that so large a part of these sorted ones does not exceed; 0 of none.
    func quantile(_ part: Double) -> Element {
        guard !isEmpty else { return 0 }
        return self[Swift.min(count - 1, Int((Double(count) * part).rounded(.up)) - 1)]
    }
}
