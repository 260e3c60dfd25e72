/// A setting that is one thing here and another there.
package struct SettingDifference: Hashable, Sendable {
    /// The value on one side, as it could stand in a file, and where it comes from.
    package struct Side: Hashable, Sendable {
        package let value: String
        package let origin: SettingOrigin?
    }

    /// `nil` for the daemon's own settings.
    package let host: String?
    /// The key as it is written in the files.
    package let key: String
    /// What runs; `nil` where there is nothing.
    package let running: Side?
    /// What the files say, or would run instead; `nil` where there is nothing.
    package let other: Side?
}

extension SettingDifference {
    /// The differences between a running host and what another configuration says about it.
    ///
    /// - Parameters:
    ///   - also: Keys to list even if they do not differ.
    ///   - origin: Where the running value of a key comes from.
    ///   - otherOrigin: Where the other value comes from.
    /// - Returns: In the order of ``HostKey``; for a host that is only on one side, its name, and for one that is to
    ///   run also what the files say about it.
    package static func differences(
        from running: HostConfiguration?, to other: HostConfiguration?, also: [HostKey] = [],
        origin: (HostKey) -> SettingOrigin?, otherOrigin: (HostKey) -> SettingOrigin?
    ) -> [SettingDifference] {
        guard let host = running?.host ?? other?.host else { return [] }
        let keys: [HostKey]
        switch (running, other) {
        case (let running?, let other?):
            let differences = other.differences(from: running)
            keys = HostKey.allCases.filter { differences.contains($0) || also.contains($0) }
        case (nil, _?):
            keys = HostKey.allCases.filter { $0 == .host || otherOrigin($0) != .builtIn }
        default: keys = [.host]
        }
        return keys.map { key in
            SettingDifference(
                host: host, key: key.rawValue,
                running: running?.value(of: key).map { Side(value: $0, origin: origin(key)) },
                other: other?.value(of: key).map { Side(value: $0, origin: otherOrigin(key)) })
        }
    }

    /// The daemon's own settings that take effect when it starts, and those that an apply puts in force.
    ///
    /// - Parameters:
    ///   - shell: The roles in force.
    ///   - http: Where pages and metrics are.
    package static func differences(
        from running: DaemonConfiguration, _ shell: ShellConfiguration, _ http: HTTPConfiguration,
        to other: DaemonConfiguration
    ) -> [SettingDifference] {
        var differences = other.restartDifferences(from: running).map { key in
            SettingDifference(
                host: nil, key: key, running: running.value(of: key).map { Side(value: $0, origin: nil) },
                other: other.value(of: key).map { Side(value: $0, origin: nil) })
        }
        if other.shell != shell {
            differences.append(
                SettingDifference(
                    host: nil, key: DaemonConfiguration.rolesKey,
                    running: Side(value: shell.description, origin: nil),
                    other: Side(value: other.shell.description, origin: nil)))
        }
        return differences
            + other.http.differences(from: http).map { key in
                SettingDifference(
                    host: nil, key: key, running: http.comparedValue(of: key).map { Side(value: $0, origin: nil) },
                    other: other.http.comparedValue(of: key).map { Side(value: $0, origin: nil) })
            }
    }
}
