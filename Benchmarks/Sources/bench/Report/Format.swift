import Foundation

/// Numbers as the report writes them.
enum Format {
    static func count(_ value: Double) -> String {
        var digits = String(Int(value.rounded()))
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([Substring(digits)] + groups).joined(separator: ",")
    }

    static func ratio(_ value: Double) -> String {
        String(format: value < 0.1 ? "%.3f" : "%.2f", value)
    }

    /// The median, with the least and the most where there are several.
    static func spread(_ values: [Double]) -> String {
        guard let least = values.min(), let most = values.max(), values.count > 1 else { return count(values.median) }
        return "\(count(values.median)) (\(count(least))–\(count(most)))"
    }

    static func milliseconds(_ nanoseconds: Int64) -> String {
        String(format: "%.2f ms", Double(nanoseconds) / 1e6)
    }

    static func seconds(_ duration: Duration) -> String {
        String(format: "%.2f s", duration / .seconds(1))
    }

    static func microseconds(_ seconds: Double) -> String {
        "\(count(seconds * 1e6)) µs"
    }

    static func megabytes(_ bytes: Int64) -> String {
        String(format: "%.1f MB", Double(bytes) / 1e6)
    }

    static func goal(_ isMet: Bool, _ goal: String) -> String {
        "goal \(goal) \(isMet ? "met" : "missed")"
    }
}
