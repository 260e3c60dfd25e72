internal import Access
internal import Component
package import Daemon
internal import Runtime
internal import Shell
internal import Supervision

/// `stats` and `top`: what hosts have done, and which are busy.
package struct StatisticsHandlers: Sendable {
    private let daemon: Daemon
    private let limiter = CommandLimiter()

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["stats"] = { call in try await stats(call) }
        handlers["top"] = { call in try await limiter.run(call) { try await top(call) } }
    }

    private func stats(_ call: Call) async throws -> Outcome {
        let isNamed = !call.invocation.texts("host").isEmpty
        var sum = HostCounters()
        for await host in daemon.hostStatuses(of: call) where host.isHost {
            sum = sum + host.counters
            if isNamed || host.counters != HostCounters() {
                try await call.output.row(Self.row(host.host, host.counters))
            }
        }
        if !isNamed, call.caller.hosts == .all {
            let nobodys = await daemon.component.unroutedCounters()
            sum = sum + nobodys
            try await call.output.row(Self.row("(no host)", nobodys))
        }
        try await call.output.row(Self.row("(sum)", sum))
        return Outcome()
    }

    private static func row(_ host: String, _ counters: HostCounters) -> JSON {
        .row([
            "host": .text(host), "requests": .count(counters.requests), "refused": .count(counters.refused),
            "overloaded": .count(counters.overloaded), "invites": .count(counters.invites),
            "redemptions": .count(counters.redemptions), "released": .count(counters.releasedRedemptions),
            "refused_tokens": .count(counters.refusedRedemptions),
            "waiting": .count(counters.waiting),
        ])
    }

    private func top(_ call: Call) async throws -> Outcome {
        let interval = call.invocation.count("interval") ?? 2
        let hosts = call.invocation.count("count") ?? 20
        let looks = call.invocation.count("looks") ?? .max
        var before = await sample(call)
        for number in 1...looks {
            try await daemon.dependencies.sleep(.seconds(interval))
            let now = await sample(call)
            let activities = now.activities(since: before)
            // Always an event, so that an interval in which nothing happened replaces the one before.
            try await call.output.event(Activity(sumOf: activities).row(look: number))
            for activity in activities.prefix(hosts) {
                try await call.output.event(activity.row(look: number))
            }
            before = now
        }
        return Outcome()
    }

    private func sample(_ call: Call) async -> Sample {
        let uptime = daemon.dependencies.uptime()
        var counters: [String: HostCounters] = [:]
        // Most hosts have nothing to do, and the counters are held until the next sample.
        for await host in daemon.hostStatuses(seenBy: call.caller)
        where host.isHost && host.counters != HostCounters() && counters[host.host] == nil {
            counters[host.host] = host.counters
        }
        return Sample(uptime: uptime, counters: counters)
    }
}

/// The counters of all hosts at one moment, without those where nothing was counted.
struct Sample: Sendable {
    /// In milliseconds.
    let uptime: Int64
    let counters: [String: HostCounters]

    /// What hosts did between two samples, the busiest first; those that did nothing are left out.
    func activities(since before: Sample) -> [Activity] {
        let seconds = Double(max(1, uptime - before.uptime)) / 1000
        var all: [Activity] = []
        for (host, now) in counters {
            var then = before.counters[host] ?? HostCounters()
            // It was restarted in between.
            if now.requests < then.requests || now.invites < then.invites || now.redemptions < then.redemptions {
                then = HostCounters()
            }
            let activity = Activity(
                host: host, requests: Double(now.requests - then.requests) / seconds,
                invites: Double(now.invites - then.invites) / seconds,
                redemptions: Double(now.redemptions - then.redemptions) / seconds,
                refused: Double(max(0, now.refused - then.refused)) / seconds, waiting: now.waiting)
            if activity.isAny { all.append(activity) }
        }
        return all.sorted { ($1.requests, $1.invites, $0.host) < ($0.requests, $0.invites, $1.host) }
    }
}

/// What a host does, in a second each.
struct Activity: Hashable, Sendable {
    let host: String
    let requests: Double
    let invites: Double
    let redemptions: Double
    let refused: Double
    let waiting: Int

    init(
        host: String, requests: Double, invites: Double, redemptions: Double, refused: Double, waiting: Int
    ) {
        (self.host, self.requests, self.invites, self.refused) = (host, requests, invites, refused)
        self.redemptions = redemptions
        self.waiting = waiting
    }

    init(sumOf activities: [Activity]) {
        self.init(
            host: "(sum)", requests: activities.reduce(0) { $0 + $1.requests },
            invites: activities.reduce(0) { $0 + $1.invites },
            redemptions: activities.reduce(0) { $0 + $1.redemptions },
            refused: activities.reduce(0) { $0 + $1.refused },
            waiting: activities.reduce(0) { $0 + $1.waiting })
    }

    var isAny: Bool { requests > 0 || invites > 0 || redemptions > 0 || waiting > 0 }

    func row(look: Int) -> JSON {
        .row([
            "look": .count(look), "host": .text(host), "requests_per_second": .rate(requests),
            "invites_per_second": .rate(invites), "redemptions_per_second": .rate(redemptions),
            "refused_per_second": .rate(refused), "waiting": .count(waiting),
        ])
    }
}

extension JSON {
    /// A number with at most one decimal.
    fileprivate static func rate(_ rate: Double) -> JSON { .number((rate * 10).rounded() / 10) }
}
