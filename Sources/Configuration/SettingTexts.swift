/// Writes the settings of one host after another. Most settings have the value that they had on the host before, and
/// their text is then reused.
struct SettingTexts {
    private let text: (HostKey, HostConfiguration) -> [UInt8]
    private var last = HostConfiguration(host: "")
    /// In the order of ``HostKey``.
    private var texts: [[UInt8]]

    /// - Parameter text: The text of a setting of a host.
    init(_ text: @escaping (HostKey, HostConfiguration) -> [UInt8]) {
        self.text = text
        texts = HostKey.allCases.map { [last] in text($0, last) }
    }

    /// Appends the texts of the settings of a host, in the order of ``HostKey``.
    mutating func write(_ host: HostConfiguration, to bytes: inout [UInt8]) {
        for (index, key) in HostKey.allCases.enumerated() {
            if !key.setting.isSame(last, host) { texts[index] = text(key, host) }
            bytes.append(contentsOf: texts[index])
        }
        last = host
    }
}
