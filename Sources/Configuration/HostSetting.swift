/// A setting of a host: all that there is to know of one key. What reads, compares, keeps, writes, completes and documents
/// settings asks it, and names no key itself.
///
/// The value's type and default are those of the property of ``HostConfiguration``.
final class HostSetting<Value: Hashable & Sendable>: AnyHostSetting {
    let name: String
    let scope: SettingScope
    let documentation: KeyDocumentation
    private let property: any WritableKeyPath<HostConfiguration, Value> & Sendable
    private let codec: SettingCodec<Value>
    private let lossOfChange: @Sendable (_ old: Value, _ new: Value) -> String?

    /// - Parameters:
    ///   - name: The key as it is written.
    ///   - scope: Where it may be written.
    ///   - effect: When a changed value is in force.
    ///   - summary: What it does, in sentences for the manual.
    ///   - example: Lines of a file that set it.
    ///   - standard: What stands for the default in the manual where the property's initial value does not.
    ///   - loss: What somebody loses when the old value becomes the new one, or what is opened: a few words that follow the
    ///     host's name. `nil` when nothing is.
    init(
        _ name: String, _ property: any WritableKeyPath<HostConfiguration, Value> & Sendable,
        _ codec: SettingCodec<Value>,
        scope: SettingScope = .anywhere, effect: KeyDocumentation.Since, standard: String? = nil, _ summary: String,
        example: String, loss: @escaping @Sendable (_ old: Value, _ new: Value) -> String? = { _, _ in nil }
    ) {
        self.name = name
        self.scope = scope
        self.property = property
        self.codec = codec
        lossOfChange = loss
        let initial = codec.write(HostConfiguration(host: "")[keyPath: property])?.description
        documentation = KeyDocumentation(
            name, codec.type, standard: standard ?? initial, summary, example: example, since: effect)
    }

    var words: SettingWords { codec.words }
    var examples: [String] { codec.examples }

    func read(
        _ node: YAMLNode, of host: String?, into configuration: inout HostConfiguration, report: inout DiagnosticReport
    ) -> Bool {
        guard let value = codec.read(node, SettingContext(key: name, host: host), &report) else { return false }
        configuration[keyPath: property] = value
        return true
    }

    func value(in configuration: HostConfiguration) -> HostValue? { codec.write(configuration[keyPath: property]) }

    func copy(from source: HostConfiguration, to target: inout HostConfiguration) {
        target[keyPath: property] = source[keyPath: property]
    }

    func isSame(_ left: HostConfiguration, _ right: HostConfiguration) -> Bool {
        left[keyPath: property] == right[keyPath: property]
    }

    func loss(from old: HostConfiguration, to new: HostConfiguration) -> String? {
        lossOfChange(old[keyPath: property], new[keyPath: property])
    }
}

/// A ``HostSetting`` whatever its type.
protocol AnyHostSetting: AnyObject, Sendable {
    var name: String { get }
    var scope: SettingScope { get }
    var documentation: KeyDocumentation { get }
    /// What the words of a command line are.
    var words: SettingWords { get }
    /// What completion offers beside the present value.
    var examples: [String] { get }

    /// Reads a value from a file.
    ///
    /// - Parameters:
    ///   - host: The host, for hints; `nil` where the value is for several.
    /// - Returns: Whether it is good; otherwise the report says why it is not, and nothing has changed.
    func read(
        _ node: YAMLNode, of host: String?, into configuration: inout HostConfiguration, report: inout DiagnosticReport
    ) -> Bool

    /// The value in its canonical form; `nil` where there is none, as with a site without a name.
    func value(in configuration: HostConfiguration) -> HostValue?
    func copy(from source: HostConfiguration, to target: inout HostConfiguration)
    func isSame(_ left: HostConfiguration, _ right: HostConfiguration) -> Bool
    func loss(from old: HostConfiguration, to new: HostConfiguration) -> String?
}

/// Where a setting may be written.
enum SettingScope: Hashable, Sendable {
    /// In a host's file, under `defaults`, and at run time.
    case anywhere
    /// Not under `defaults`, for this reason.
    case oneHost(String)
    /// Only in a host's file, where it says what the file's name says.
    case file(String)
}
