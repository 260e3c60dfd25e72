import YAML

/// A setting of a host: all that is known of one key. The code that reads, compares, stores, writes, completes and
/// documents settings uses it, and names no key itself.
///
/// The value's type and default are those of the property of ``HostConfiguration``.
final class HostSetting: Sendable {
    let name: String
    let scope: SettingScope
    let documentation: KeyDocumentation
    /// What the words of a command line are.
    let words: SettingWords
    /// What completion offers beside the present value.
    let examples: [String]
    /// Whether a value was good and was put into the configuration; otherwise the report says why it is not.
    private let read: @Sendable (YAMLNode, SettingContext, inout HostConfiguration, inout DiagnosticReport) -> Bool
    private let value: @Sendable (_ configuration: HostConfiguration) -> HostValue?
    private let copy: @Sendable (_ source: HostConfiguration, _ target: inout HostConfiguration) -> Void
    let isSame: @Sendable (_ left: HostConfiguration, _ right: HostConfiguration) -> Bool
    private let lossOfChange: @Sendable (_ old: HostConfiguration, _ new: HostConfiguration) -> String?

    /// - Parameters:
    ///   - name: The key as it is written.
    ///   - get: The value of the setting's property. Not a key path: each is asked for every host, and with ten thousand of
    ///     them following key paths took a third of a reload.
    ///   - scope: Where it may be written.
    ///   - effect: When a changed value is in force.
    ///   - summary: What it does, in sentences for the manual.
    ///   - example: Lines of a file that set it.
    ///   - standard: What stands for the default in the manual where the property's initial value does not.
    ///   - loss: What users lose when the old value becomes the new one, or what is opened: a few words that follow the
    ///     host's name. `nil` when nothing is.
    init<Value: Hashable & Sendable>(
        _ name: String, get: @escaping @Sendable (HostConfiguration) -> Value,
        set: @escaping @Sendable (inout HostConfiguration, Value) -> Void, _ codec: SettingCodec<Value>,
        scope: SettingScope = .anywhere, effect: KeyDocumentation.Since, standard: String? = nil, _ summary: String,
        example: String, loss: @escaping @Sendable (_ old: Value, _ new: Value) -> String? = { _, _ in nil }
    ) {
        self.name = name
        self.scope = scope
        words = codec.words
        examples = codec.examples
        read = { node, context, configuration, report in
            guard let value = codec.read(node, context, &report) else { return false }
            set(&configuration, value)
            return true
        }
        value = { codec.write(get($0)) }
        copy = { set(&$1, get($0)) }
        isSame = { get($0) == get($1) }
        lossOfChange = { loss(get($0), get($1)) }
        let initial = value(HostConfiguration(host: ""))?.description
        documentation = KeyDocumentation(
            name, codec.type, standard: standard ?? initial, summary, example: example, since: effect)
    }

    /// Reads a value from a file.
    ///
    /// - Parameters:
    ///   - host: The host, for hints; `nil` where the value is for several.
    /// - Returns: Whether it is good; otherwise the report says why it is not, and nothing has changed.
    func read(
        _ node: YAMLNode, of host: String?, into configuration: inout HostConfiguration, report: inout DiagnosticReport
    ) -> Bool {
        read(node, SettingContext(key: name, host: host), &configuration, &report)
    }

    /// The value in its canonical form; `nil` where there is none, as with a site without a name.
    func value(in configuration: HostConfiguration) -> HostValue? { value(configuration) }

    func copy(from source: HostConfiguration, to target: inout HostConfiguration) { copy(source, &target) }

    func loss(from old: HostConfiguration, to new: HostConfiguration) -> String? { lossOfChange(old, new) }
}

/// Where a setting may be written.
enum SettingScope: Hashable, Sendable {
    /// In a host's file, under `defaults`, and at run time.
    case anywhere
    /// Not under `defaults`, for this reason.
    case oneHost(String)
    /// In a host's file and under `defaults`, but not at run time, for this reason.
    case read(String)
    /// Only in a host's file, where it says what the file's name says.
    case file(String)
}
