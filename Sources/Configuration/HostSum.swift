/// What stands for hosts in a fingerprint. They have no order, so it is a sum: nothing has to be sorted, and unchanged
/// hosts need not be hashed again.
struct HostSum: Sendable {
    private(set) var count = 0
    private(set) var words = (UInt64(0), UInt64(0))

    init(_ hosts: [String: HostConfiguration], in form: CanonicalText.Form = .present) {
        var digests = HostDigests(form)
        for host in hosts.values { add(digests.digest(of: host)) }
    }

    /// The sum of hosts that are mostly those that it was made of.
    func changed(from old: [String: HostConfiguration], to new: [String: HostConfiguration]) -> HostSum {
        var sum = self
        var digests = HostDigests(.present)
        for (name, host) in new {
            let before = old[name]
            if host == before { continue }
            if let before { sum.subtract(digests.digest(of: before)) }
            sum.add(digests.digest(of: host))
        }
        for (name, host) in old where new[name] == nil { sum.subtract(digests.digest(of: host)) }
        return sum
    }

    private mutating func add(_ digest: (UInt64, UInt64)) {
        count += 1
        words.0 &+= digest.0
        words.1 &+= digest.1
    }

    private mutating func subtract(_ digest: (UInt64, UInt64)) {
        count -= 1
        words.0 &-= digest.0
        words.1 &-= digest.1
    }
}

/// Half of the SHA-256 of what each of many hosts says.
private struct HostDigests {
    private let form: CanonicalText.Form
    private var settings: SettingTexts
    private var text = CanonicalText()

    init(_ form: CanonicalText.Form) {
        self.form = form
        let plain = HostConfiguration(host: "")
        settings = SettingTexts { Self.text(of: $0, in: $1, beside: plain) }
    }

    mutating func digest(of host: HostConfiguration) -> (UInt64, UInt64) {
        text.bytes.removeAll(keepingCapacity: true)
        switch form {
        case .present: settings.write(host, to: &text.bytes)
        case .first: text.addAsFirstVersion(host)
        }
        return text.withDigest { digest in
            (digest.loadUnaligned(as: UInt64.self), digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    private static func text(
        of key: HostKey, in configuration: HostConfiguration, beside plain: HostConfiguration
    ) -> [UInt8] {
        if key.setting.isSame(configuration, plain) { return [] }
        var text = CanonicalText()
        text.add(key.rawValue)
        switch key.setting.value(in: configuration) {
        case .list(let items)?: text.add(items)
        case .text(let value)?: text.add([value])
        case let value?: text.add(["\(value)"])
        case nil: text.add([])
        }
        return text.bytes
    }
}
