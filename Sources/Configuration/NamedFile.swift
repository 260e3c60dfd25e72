import Text
import YAML

/// A file that a host's file names, and what was in it when it was read.
package struct NamedFile<Content: Hashable & Sendable>: Hashable, Sendable {
    /// Relative to the directory of the hosts' files, and below it.
    package let path: String
    /// `nil` as long as it was not read.
    package internal(set) var content: Content?

    package init(path: String, content: Content? = nil) {
        self.path = path
        self.content = content
    }
}

extension HostPageSettings {
    /// Whether there is a file to be read.
    var namesFiles: Bool { logo != nil || ownApps != nil }

    /// Takes what is in the files from settings that name the same ones.
    mutating func adoptFiles(of other: HostPageSettings?) {
        if let other, other.logo?.path == logo?.path { logo = other.logo }
        if let other, other.ownApps?.path == ownApps?.path { ownApps = other.ownApps }
    }
}

extension SettingCodec {
    /// The path of a file below the directory of the hosts' files, so that the author of a host's file cannot have
    /// others read.
    static func namedFile<Content>(wants wanted: String) -> SettingCodec where Value == NamedFile<Content> {
        SettingCodec("a path", words: .text) { node, context, report in
            guard let text = node.text(context.key, wants: wanted, report: &report) else { return nil }
            let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
            guard text.value.utf8.count <= 1_000, !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }) else {
                report.add(
                    text.mark,
                    "`\(context.key)` wants \(wanted), below the directory of the hosts' files, not \(text.value.quoted)"
                )
                return nil
            }
            return NamedFile(path: text.value)
        } write: {
            .text($0.path)
        }
    }
}
