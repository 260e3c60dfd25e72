package import CoreMetrics
internal import Synchronization

/// Stores what is measured through swift-metrics, for collectors. Names and the values of labels come from the code,
/// never from requests, so that there is a bounded number of them.
package final class MetricRegistry: MetricsFactory {
    private struct Key: Hashable, Sendable {
        let name: String
        let labels: [MetricFamily.Label]
    }

    private struct State: Sendable {
        var helps: [String: String] = [:]
        var counters: [Key: MetricCounter] = [:]
        var gauges: [Key: MetricGauge] = [:]
        var histograms: [Key: MetricHistogram] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Says what a name means.
    package func describe(_ name: String, _ help: String) { state.withLock { $0.helps[name] = help } }

    private static func key(_ label: String, _ dimensions: [(String, String)]) -> Key {
        Key(name: label, labels: dimensions.map { MetricFamily.Label($0.0, $0.1) })
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let key = Self.key(label, dimensions)
        return state.withLock { state in
            if let known = state.counters[key] { return known }
            let new = MetricCounter()
            state.counters[key] = new
            return new
        }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        let key = Self.key(label, dimensions)
        return state.withLock { state in
            if aggregate { return Self.histogram(key, &state) }
            if let known = state.gauges[key] { return known }
            let new = MetricGauge()
            state.gauges[key] = new
            return new
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let key = Self.key(label, dimensions)
        return state.withLock { Self.histogram(key, &$0) }
    }

    private static func histogram(_ key: Key, _ state: inout State) -> MetricHistogram {
        if let known = state.histograms[key] { return known }
        let new = MetricHistogram()
        state.histograms[key] = new
        return new
    }

    // They live as long as the process.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// All metrics, by name.
    package var families: [MetricFamily] {
        let state = state.withLock { $0 }
        var families: [String: MetricFamily] = [:]
        func add(_ key: Key, _ kind: MetricFamily.Kind, _ samples: [MetricFamily.Sample]) {
            families[key.name, default: MetricFamily(key.name, kind, state.helps[key.name] ?? key.name, [])].samples +=
                samples
        }
        for (key, counter) in state.counters {
            add(key, .counter, [MetricFamily.Sample(Double(counter.value), labels: key.labels)])
        }
        for (key, gauge) in state.gauges { add(key, .gauge, [MetricFamily.Sample(gauge.value, labels: key.labels)]) }
        for (key, histogram) in state.histograms { add(key, .histogram, histogram.samples(key.labels)) }
        return families.values.sorted { $0.name < $1.name }.map { family in
            var family = family
            if family.kind != .histogram { family.samples.sort { $0.labels.description < $1.labels.description } }
            return family
        }
    }
}

final class MetricCounter: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }
    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

final class MetricGauge: RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
}

/// Counts what is at most so large, for the largest of which there is a bound.
final class MetricHistogram: RecorderHandler, TimerHandler {
    /// In seconds.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    private struct State: Sendable {
        var counts = [UInt64](repeating: 0, count: MetricHistogram.bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        let state = state.withLock { $0 }
        var samples: [MetricFamily.Sample] = []
        var total: UInt64 = 0
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < Self.bounds.count ? Self.bounds[index] : .infinity
            samples.append(
                MetricFamily.Sample(
                    Double(total), suffix: "_bucket",
                    labels: labels + [MetricFamily.Label("le", MetricFamily.number(bound))]))
        }
        samples.append(MetricFamily.Sample(state.sum, suffix: "_sum", labels: labels))
        samples.append(MetricFamily.Sample(Double(total), suffix: "_count", labels: labels))
        return samples
    }
}
