import CoreMetrics
import Testing

@testable import Web

@Suite struct MetricTests {
    @Test func familiesAreWritten() {
        let registry = MetricRegistry()
        registry.describe("a_total", "What\nis \\ a.")
        registry.makeCounter(label: "a_total", dimensions: [("x", "1")]).increment(by: 2)
        registry.makeCounter(label: "a_total", dimensions: [("x", "1")]).increment(by: 1)
        registry.makeCounter(label: "a_total", dimensions: [("x", "q\"")]).increment(by: 1)
        registry.makeRecorder(label: "g", dimensions: [], aggregate: false).record(1.5)
        registry.makeTimer(label: "t_seconds", dimensions: []).recordNanoseconds(3_000_000)
        let text = registry.families.map(\.text).joined()
        #expect(
            text.contains(
                "# HELP a_total What\\nis \\\\ a.\n# TYPE a_total counter\na_total{x=\"1\"} 3\na_total{x=\"q\\\"\"} 1\n"
            ))
        #expect(text.contains("# TYPE g gauge\ng 1.5\n"))
        #expect(text.contains("t_seconds_bucket{le=\"0.0025\"} 0\nt_seconds_bucket{le=\"0.005\"} 1\n"))
        #expect(text.contains("t_seconds_bucket{le=\"+Inf\"} 1\nt_seconds_sum 0.003\nt_seconds_count 1\n"))
    }
}
