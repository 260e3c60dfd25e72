import Invites
import Languages
import Text
import XMPP
import YAML

extension SettingCodec where Value == Bool {
    static var flag: SettingCodec {
        SettingCodec("`true` or `false`", words: .plain, examples: ["true", "false"]) { node, context, report in
            node.flag(context.key, report: &report)?.value
        } write: {
            .flag($0)
        }
    }
}

extension SettingCodec where Value: CaseIterable & RawRepresentable<String> {
    /// One of the words that the type has.
    static var choice: SettingCodec {
        let all = Value.allCases.map(\.rawValue)
        let words = all.dropLast().map { "`\($0)`" }.joined(separator: ", ") + " or `\(all.last ?? "")`"
        return SettingCodec(words, words: .text, examples: all) { node, context, report in
            guard let text = node.text(context.key, wants: words, report: &report) else { return nil }
            guard let value = Value(rawValue: text.value) else {
                report.add(text.mark, "`\(context.key)` wants \(words)")
                return nil
            }
            return value
        } write: {
            .text($0.rawValue)
        }
    }
}

extension SettingCodec where Value == Lifetime {
    static var lifetime: SettingCodec {
        SettingCodec("a length of time", words: .plain, examples: ["1d", "7d", "2w"]) { node, context, report in
            node.lifetime(context.key, report: &report)?.value
        } write: {
            .text($0.description)
        }
    }
}

extension SettingCodec where Value == Limit {
    static var limit: SettingCodec {
        SettingCodec("a whole number or `unlimited`", words: .plain, examples: ["unlimited"]) { node, context, report in
            node.limit(context.key, report: &report)?.value
        } write: { limit in
            switch limit {
            case .unlimited: .text("unlimited")
            case .atMost(let count): .number(count)
            }
        }
    }
}

extension SettingCodec where Value == LandingPage {
    static var landingPage: SettingCodec {
        SettingCodec("a URL with placeholders", words: .text) { node, context, report in
            node.landingPage(context.key, report: &report)?.value
        } write: {
            .text($0.template)
        }
    }
}

extension SettingCodec where Value == LanguageTag {
    /// A language that there are texts in.
    static var language: SettingCodec {
        let known = LanguageCatalog.builtIn.all.map(\.language)
        return SettingCodec("the tag of a language", words: .text, examples: known) { node, context, report in
            let wanted = "the tag of a language such as de"
            guard let text = node.text(context.key, wants: wanted, report: &report) else { return nil }
            guard let tag = LanguageTag(text.value) else {
                report.add(text.mark, "`\(context.key)` wants \(wanted), not \(text.value.quoted)")
                return nil
            }
            guard LanguageCatalog.builtIn.texts(for: tag) != nil else {
                report.add(
                    text.mark,
                    "`\(context.key)`: there are no texts in \(text.value.quoted), only in \(known.joined(separator: ", "))"
                )
                return nil
            }
            return tag
        } write: {
            .text($0.description)
        }
    }
}

extension SettingCodec where Value == Set<JID> {
    static var bareJIDs: SettingCodec {
        SettingCodec("a list of bare JIDs", words: .list, examples: ["[]"]) { node, context, report in
            node.bareJIDs(context.key, of: context.host, report: &report)?.value
        } write: {
            .list($0.map(\.description).sorted())
        }
    }
}

extension SettingCodec where Value == String {
    static var domain: SettingCodec {
        SettingCodec("a domain", words: .text) { node, context, report in
            node.domain(context.key, report: &report)?.value.domain
        } write: {
            .text($0)
        }
    }

    /// - Parameters:
    ///   - wanted: What the key wants, such as "a path".
    ///   - longest: In Unicode scalars: a character can have any number of marks.
    static func text(wants wanted: String, longest: Int) -> SettingCodec {
        SettingCodec("a text", words: .text) { node, context, report in
            guard let text = node.text(context.key, wants: wanted, report: &report) else { return nil }
            guard text.value.unicodeScalars.count <= longest else {
                report.add(text.mark, "`\(context.key)` is longer than \(longest) characters")
                return nil
            }
            return text.value
        } write: {
            .text($0)
        }
    }
}

extension SettingCodec {
    /// The same for a setting that need not have a value.
    static func optional<Wrapped: Sendable>(_ codec: SettingCodec<Wrapped>) -> SettingCodec where Value == Wrapped? {
        SettingCodec(codec.type, words: codec.words, examples: codec.examples) { node, context, report in
            // Not the value that is `nil`, but no value.
            guard let value = codec.read(node, context, &report) else { return nil }
            return .some(value)
        } write: { value in
            value.flatMap(codec.write)
        }
    }
}
