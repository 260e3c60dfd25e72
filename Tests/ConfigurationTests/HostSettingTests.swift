import Invites
import TestSupport
import Testing
import XMPP
import YAML

@testable import Configuration

/// What holds for every key of a host's file, future ones included.
@Suite struct HostSettingTests {
    private static let keys = HostKey.allCases.map(\.rawValue)

    private func key(_ name: String) throws -> HostKey { try #require(HostKey(rawValue: name)) }

    /// The configuration in a file with one line.
    private func read(_ key: HostKey, _ value: HostValue) throws -> HostConfiguration {
        var report = DiagnosticReport(file: "f")
        let node = try #require(YAMLReader.read(Array("\(key): \(value)\n".utf8), report: &report))
        let settings = HostSettings(node, of: "a.example", report: &report)
        #expect(report.isEmpty, "\(report.sorted)")
        let host = settings.host ?? "a.example"
        return HostConfiguration(host: host, settings: settings, defaults: HostSettings())
    }

    private func snapshot(_ host: HostConfiguration) -> ConfigurationSnapshot {
        let (hosts, shell) = ([host.host: host], ShellConfiguration())
        return ConfigurationSnapshot(
            number: 1, time: Timestamp(millisecondsSinceEpoch: 0), by: "test", files: Fingerprint(hosts, shell),
            hosts: hosts, shell: shell)
    }

    @Test func everyPropertyOfAHostsConfigurationIsASetting() {
        let own = Mirror(reflecting: HostConfiguration(host: "a.example")).children.count
        // Those of pages stand together.
        let properties = own - 1 + Mirror(reflecting: HostPageSettings()).children.count
        #expect(properties == HostKey.allCases.count)
        #expect(Set(Self.keys).count == HostKey.allCases.count)
    }

    @Test(arguments: keys) func aValueIsReadFromAFileAndShown(name: String) throws {
        let key = try key(name)
        #expect(!key.samples.isEmpty)
        for value in key.samples {
            let host = try read(key, value)
            #expect(host.hostValue(of: key) == value && host.value(of: key) == "\(value)")
            #expect(try value.canonical(for: key) == value)
        }
    }

    @Test(arguments: keys) func anotherValueIsAnotherConfiguration(name: String) throws {
        let key = try key(name)
        let samples = try key.samples.map { try read(key, $0) }
        let all = [HostConfiguration(host: "b.example")] + samples
        for (index, host) in all.enumerated() {
            for other in all[(index + 1)...] {
                #expect(host != other)
                #expect(host.differences(from: other).contains(key))
                let (names, others) = ([host.host: host], [other.host: other])
                #expect(Fingerprint(names, ShellConfiguration()) != Fingerprint(others, ShellConfiguration()))
                // They also differ when the name is the same.
                if key != .host {
                    var renamed = other
                    renamed.host = host.host
                    #expect(renamed.differences(from: host) == [key])
                    let diff = ConfigurationDiff(from: names, to: [host.host: renamed])
                    #expect(diff.changed.map(\.keys) == [[key]])
                    #expect(Fingerprint([host.host: renamed], .init()) != Fingerprint(names, .init()))
                }
            }
        }
    }

    @Test(arguments: keys) func aSnapshotKeepsIt(name: String) throws {
        let key = try key(name)
        for value in key.samples {
            let written = snapshot(try read(key, value))
            let read = try ConfigurationSnapshot(reading: written.bytes)
            #expect(read == written)
            #expect(read.hosts.values.first?.hostValue(of: key) == value)
        }
    }

    /// What a later version has as the default is not what ran.
    @Test(arguments: keys) func aSnapshotSaysWhatIsTheDefault(name: String) throws {
        let host = HostConfiguration(host: "a.example")
        let text = String(decoding: snapshot(host).bytes, as: UTF8.self)
        #expect(text.contains("\"\(name)\":") == (host.hostValue(of: try key(name)) != nil))
    }

    @Test(arguments: keys) func aFileIsGivenIt(name: String) throws {
        let key = try key(name)
        let nothing: HostValue? = nil
        for (value, file) in key.samples.flatMap({ value in ["{}\n", "# c\nhost: a.example\n"].map { (value, $0) } }) {
            guard key != .host || file == "{}\n" else { continue }
            // The name of a host agrees with its file's.
            let path = key == .host ? "\(value.words[0]).yaml" : "a.example.yaml"
            let new = try HostFileEditor.edit(Array(file.utf8), file: path, changes: [key: value])
            #expect(HostFileEditor.value(of: key, in: new, file: path) == value)
            let back = try HostFileEditor.edit(new, file: path, changes: [key: nothing])
            #expect(HostFileEditor.value(of: key, in: back, file: path) == nil)
        }
    }

    @Test(arguments: keys) func itIsSetAndResetAtRunTime(name: String) throws {
        let key = try key(name)
        let base = HostConfiguration(host: "a.example")
        for value in key.samples {
            var overrides = SettingOverrides()
            guard key.isSettable else {
                #expect(throws: SettingMistake.self) { try overrides.set(key, to: value.words) }
                continue
            }
            try overrides.set(key, to: value.words)
            #expect(overrides.keys == [key] && overrides.value(of: key) == "\(value)")
            #expect(overrides.applied(to: base).hostValue(of: key) == value)
            #expect(overrides.applied(to: base).differences(from: base) == [key])
            var others = SettingOverrides()
            #expect(others != overrides)
            try others.set(key, to: value.words)
            #expect(others == overrides)
            overrides.drop([key])
            #expect(overrides.isEmpty && overrides.applied(to: base) == base)
        }
    }

    /// Under `defaults`, what belongs to one host is refused by name.
    @Test(arguments: keys) func itIsADefaultOrSaysWhyNot(name: String) throws {
        let key = try key(name)
        let value = try #require(key.samples.first)
        var report = DiagnosticReport(file: "f")
        let node = try #require(YAMLReader.read(Array("\(key): \(value)\n".utf8), report: &report))
        let defaults = HostSettings(defaults: node, report: &report)
        let host = HostConfiguration(host: "b.example", settings: HostSettings(), defaults: defaults)
        switch key.setting.scope {
        case .anywhere, .read: #expect(report.isEmpty && host.hostValue(of: key) == value)
        case .oneHost, .file:
            #expect(report.sorted.map(\.message).first?.hasPrefix("`\(key)` cannot be a default: ") == true)
            #expect(host == HostConfiguration(host: "b.example"))
        }
    }

    /// From the first value to the second something is lost or opened, the other way round not.
    @Test(arguments: [
        ("admins", "[a@x.example, b@x.example]", "[b@x.example]", "no longer admins: a@x.example"),
        ("admins", "[a@x.example]", "[]", "no admins left: a@x.example"),
        (
            "admins", "[a@x.example, b@x.example, c@x.example, d@x.example, e@x.example]", "[]",
            "no admins left: a@x.example, b@x.example, c@x.example and 2 more"
        ),
        ("allow_user_invites", "false", "true", "contacts of users may register now"),
        ("allow_contact_invites", "false", "true", "users may invite contacts now"),
        ("invite_expiry", "1h", "1w", "invites are good for 1w instead of 1h"),
        ("user_open_invites", "3", "50", "up to 50 invites of a user instead of 3"),
        ("user_daily_invites", "0", "unlimited", "unlimited invites of a user in 24 hours instead of 0"),
        ("max_invites", "10", "unlimited", "unlimited invites of the host instead of 10"),
        ("landing_page", "https://i.example/{token}", nil, "no landing page"),
        ("service_address", "i.a.example", nil, "no longer at i.a.example"),
        ("site_name", "A", nil, "no site name"), ("suspended", "true", "false", "no longer suspended"),
    ])
    func whatIsLostOrOpenedIsSaid(name: String, old: String, new: String?, loss: String) throws {
        func configuration(_ value: String?) throws -> HostConfiguration {
            var report = DiagnosticReport(file: "f")
            let text = value.map { "\(name): \($0)\n" } ?? "{}"
            let node = try #require(YAMLReader.read(Array(text.utf8), report: &report))
            let settings = HostSettings(node, report: &report)
            #expect(report.isEmpty, "\(report.sorted)")
            return HostConfiguration(host: "a.example", settings: settings, defaults: HostSettings())
        }
        let (before, after) = (try configuration(old), try configuration(new))
        let there = ConfigurationDiff(from: ["a.example": before], to: ["a.example": after]).losses
        #expect(there.summary() == "a.example (\(loss))")
        #expect(ConfigurationDiff(from: ["a.example": after], to: ["a.example": before]).losses.isEmpty)
    }

    @Test func aServiceAddressThatIsAnotherOneIsLost() {
        let before = HostConfiguration(host: "a.example", serviceAddress: "i.a.example")
        let after = HostConfiguration(host: "a.example", serviceAddress: "j.a.example")
        let diff = ConfigurationDiff(from: ["a.example": before], to: ["a.example": after])
        #expect(diff.losses.summary() == "a.example (no longer at i.a.example)")
    }

    @Test func ofManyLossesTheFirstAreNamed() {
        let hosts = (1...9).map { HostConfiguration(host: "\($0).example", suspended: true) }
        let before = Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0) })
        let losses = ConfigurationDiff(from: before, to: [:]).losses
        #expect(
            losses.summary(naming: 2)
                == "1.example (no longer served), 2.example (no longer served) and 7 more hosts")
        #expect(losses.summary(naming: 8).hasSuffix("8.example (no longer served) and 1 more host"))
        #expect(losses.summary(naming: 9).hasSuffix("9.example (no longer served)"))
    }

    @Test(arguments: keys) func completionOffersWhatItHasAndWhatItTakes(name: String) throws {
        let key = try key(name)
        for value in key.samples {
            let offered = key.values(now: try read(key, value))
            #expect(offered.starts(with: value.words))
            for example in key.setting.examples where key.isSettable {
                var overrides = SettingOverrides()
                try overrides.set(key, to: [example])
            }
        }
    }

    @Test(arguments: keys) func theManualHasItWithItsDefault(name: String) throws {
        let key = try key(name)
        let entry = try #require(ConfigurationReference.hostFile.first { $0.name == name })
        #expect(!entry.type.isEmpty && entry.summary.hasSuffix(".") && entry.since != nil)
        if key != .host { #expect(entry.standard == HostConfiguration(host: "").value(of: key)) }
    }
}
