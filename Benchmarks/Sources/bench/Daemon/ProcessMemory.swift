import Foundation

/// What a process holds in memory, in bytes.
struct ProcessMemory {
    /// All pages that are in memory: `VmRSS`.
    var resident: Int
    /// The same with shared pages divided among those who share them.
    var proportional: Int

    init(pid: Int32) throws {
        resident = try Self.kilobytes("VmRSS:", in: "/proc/\(pid)/status") * 1024
        proportional = try Self.kilobytes("Pss:", in: "/proc/\(pid)/smaps_rollup") * 1024
    }

    private static func kilobytes(_ key: String, in path: String) throws -> Int {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
            let number = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw BenchError("no \(key) in \(path)") }
        return number
    }
}
