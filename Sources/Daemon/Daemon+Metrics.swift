internal import Component
internal import Glibc
internal import Invites
internal import Supervision
package import Web
internal import XMPP

/// What is measured of the daemon and its hosts, for Prometheus.
extension Daemon {
    /// With more hosts their numbers are added up: each would be a series of its own, for ever.
    private static let mostHostsApart = 100

    package func metricFamilies() async -> [MetricFamily] {
        let table = registry.table
        let states = table.hosts.values.reduce(into: [String: Int]()) { states, host in
            states["\(host.report.lifecycle.state)", default: 0] += 1
        }
        var hosts = states.sorted { $0.key < $1.key }.map { Self.sample($0.value, "state", $0.key) }
        hosts.append(Self.sample(table.refused.files.count, "state", "refused"))
        return [
            MetricFamily("invited_hosts", .gauge, "Hosts, by how they are.", hosts),
            MetricFamily(
                "invited_server_connected", .gauge, "Whether there is a connection to the XMPP server.",
                [MetricFamily.Sample(component.report.status == .connected ? 1 : 0)]),
            MetricFamily(
                "invited_dropped_answers_total", .counter, "Answers that found no connection.",
                [MetricFamily.Sample(Double(component.droppedAnswers))]),
            MetricFamily(
                "invited_start_time_seconds", .gauge, "When the daemon started, since 1970.",
                [MetricFamily.Sample(Double(startedAt.millisecondsSinceEpoch) / 1_000)]),
        ] + counters(table) + Self.process()
    }

    private static func sample(_ value: Int, _ label: String, _ name: String) -> MetricFamily.Sample {
        MetricFamily.Sample(Double(value), labels: [MetricFamily.Label(label, name)])
    }

    private func counters(_ table: HostTable) -> [MetricFamily] {
        let isApart = table.names.count <= Self.mostHostsApart
        let all = table.names.compactMap { name in table[name].map { (name, $0.report.counters) } }
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: (HostCounters) -> Int
        ) -> MetricFamily {
            let samples =
                isApart
                ? all.map { Self.sample(value($0.1), "host", $0.0) }
                : [MetricFamily.Sample(Double(all.reduce(0) { $0 + value($1.1) }))]
            return MetricFamily(name, kind, help, samples)
        }
        return [
            family(
                "invited_requests_total", .counter, "Requests of users and servers that reached a host.", \.requests),
            family("invited_requests_refused_total", .counter, "Of them, those that were refused.", \.refused),
            family(
                "invited_requests_overloaded_total", .counter,
                "Of the refused, those for which there was too much to do.",
                \.overloaded),
            family("invited_requests_waiting", .gauge, "Requests that wait for their answers.", \.waiting),
            family("invited_invites_total", .counter, "Invites that were made.", \.invites),
            family("invited_redemptions_total", .counter, "Redemptions that were confirmed.", \.redemptions),
            family(
                "invited_redemptions_released_total", .counter, "Attempts to redeem that ended without an account.",
                \.releasedRedemptions),
            family(
                "invited_redemptions_refused_total", .counter, "Requests about tokens that were refused.",
                \.refusedRedemptions),
        ]
    }

    private static func process() -> [MetricFamily] {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return [] }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return [
            MetricFamily(
                "process_cpu_seconds_total", .counter, "Time of processors that the daemon took.",
                [MetricFamily.Sample(seconds(usage.ru_utime) + seconds(usage.ru_stime))])
        ]
    }

    /// The daemon's health: without its server no invite can be redeemed, while a host's failure concerns that host
    /// only.
    package var health: Health {
        let counts = hostCounts
        let isConnected = component.report.status == .connected
        let server = isConnected ? "connected to the server" : "not connected to the server"
        return Health(isGood: isConnected, text: "\(server); \(counts.running) hosts, \(counts.refused) refused")
    }
}
