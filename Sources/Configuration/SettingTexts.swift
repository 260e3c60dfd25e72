/// Writes the settings of one host after another. Most settings have the value that they had on the host before, and what
/// stands for them is made once for all of these.
struct SettingTexts {
    private let text: (HostKey, HostConfiguration) -> [UInt8]
    private var last = HostConfiguration(host: "")
    /// In the order of ``HostKey``.
    private var texts: [[UInt8]]

    /// - Parameter text: What stands for a setting of a host.
    init(_ text: @escaping (HostKey, HostConfiguration) -> [UInt8]) {
        self.text = text
        texts = HostKey.allCases.map { [last] in text($0, last) }
    }

    /// Appends what stands for the settings of a host, in the order of ``HostKey``.
    mutating func write(_ host: HostConfiguration, to bytes: inout [UInt8]) {
        for (index, key) in HostKey.allCases.enumerated() {
            if !key.setting.isSame(last, host) { texts[index] = text(key, host) }
            bytes.append(contentsOf: texts[index])
        }
        last = host
    }
}
