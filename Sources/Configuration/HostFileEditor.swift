package import YAML

/// Changes values in a host's file, and no other byte of it.
///
/// Nothing is serialized again: the bytes to change are replaced at the positions that the parser reports, so comments,
/// order, quotes, blank lines, line breaks and indentation of everything else cannot change. The result is parsed
/// again, and must differ in the changed values only.
package enum HostFileEditor {
    /// Changes values in a file.
    ///
    /// - Parameters:
    ///   - bytes: The file, which must be without mistakes.
    ///   - file: Its path, for messages.
    ///   - changes: The new values; `nil` takes the key out.
    /// - Returns: The new content; the same bytes when the file says all that already.
    /// - Throws: ``HostFileEditError``.
    package static func edit(
        _ bytes: [UInt8], file: String, changes: [HostKey: HostValue?]
    ) throws(HostFileEditError) -> [UInt8] {
        let before = try read(bytes, file: file)
        var expected: [HostKey: HostValue] = [:]
        var needed: [(key: HostKey, value: HostValue?)] = []
        for key in HostKey.allCases {
            let old = before.value(of: key)
            guard let change = changes[key] else {
                expected[key] = old
                continue
            }
            var new: HostValue?
            if let value = change { new = try value.canonical(for: key) }
            expected[key] = new
            if let new, !new.isSame(as: old) {
                needed.append((key, new))
            } else if new == nil, old != nil {
                needed.append((key, nil))
            }
        }
        if needed.isEmpty { return bytes }

        guard var draft = HostFileDraft(bytes) else {
            throw .impossible("\(file) is written in a way that is not known")
        }
        try draft.set(needed)
        let result = try draft.finished()
        let after: HostSettings
        do {
            after = try read(result, file: file)
        } catch {
            throw .impossible("the change would spoil the file: \(error)")
        }
        for key in HostKey.allCases {
            let value = after.value(of: key)
            let isRight = expected[key]?.isSame(as: value) ?? (value == nil)
            if !isRight { throw .impossible("the change would not leave `\(key)` as it has to be") }
        }
        return result
    }

    /// Checks the text of a host's file by itself, without the other hosts'.
    ///
    /// - Returns: What is wrong with it, in order; empty when it is good.
    package static func mistakes(in bytes: [UInt8], file: String) -> [Diagnostic] {
        do {
            _ = try read(bytes, file: file)
            return []
        } catch {
            if case .mistakes(let mistakes) = error { return mistakes }
            return []
        }
    }

    /// The location of a key's value in the text of a host's file; `nil` when it is not set or the text is not valid.
    package static func location(of key: HostKey, in bytes: [UInt8], file: String) -> SourceLocation? {
        guard let settings = try? read(bytes, file: file), let mark = settings.mark(of: key) else { return nil }
        return SourceLocation(file: file, mark: mark)
    }

    /// What the text of a host's file says for a key; `nil` when it says nothing or is not good.
    package static func value(of key: HostKey, in bytes: [UInt8], file: String) -> HostValue? {
        (try? read(bytes, file: file))?.value(of: key)
    }

    private static func read(_ bytes: [UInt8], file: String) throws(HostFileEditError) -> HostSettings {
        guard bytes.count <= YAMLReader.largestFile else {
            let message = "is larger than \(YAMLReader.largestFile) bytes"
            throw .mistakes([Diagnostic(location: SourceLocation(file: file, mark: .start), message: message)])
        }
        let read = HostFile(path: file, bytes: bytes)
        guard read.diagnostics.isEmpty, let settings = read.settings else { throw .mistakes(read.diagnostics) }
        return settings
    }
}
