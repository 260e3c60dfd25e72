import Foundation

/// How much processor time a process has used so far, in seconds: user's and system's of all its threads, proc(5).
enum ProcessorTime {
    static func used(by pid: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // The name, second and in parentheses, may hold spaces.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchError("cannot read the processor time of \(pid)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

extension ChildProcess {
    /// How much processor time it has used so far, in seconds.
    var processorTime: Double { get throws { try ProcessorTime.used(by: pid) } }
}
