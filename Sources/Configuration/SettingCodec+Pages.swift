import Foundation
import Invites
import Text
import YAML

extension SettingCodec where Value == BaseURL {
    static var baseURL: SettingCodec {
        SettingCodec("a URL", words: .text) { node, context, report in
            node.baseURL(context.key, report: &report)?.value
        } write: {
            .text($0.description)
        }
    }
}

extension SettingCodec where Value == String {
    /// A text that passes a check.
    ///
    /// - Parameters:
    ///   - type: What the manual calls it.
    ///   - wanted: What the key wants, with an example.
    ///   - check: The value in its canonical form; `nil` where it is none.
    private static func checked(
        _ type: String, wants wanted: String, examples: [String] = [], check: @escaping @Sendable (String) -> String?
    ) -> SettingCodec {
        SettingCodec(type, words: .text, examples: examples) { node, context, report in
            guard let text = node.text(context.key, wants: wanted, report: &report) else { return nil }
            if let value = check(text.value) { return value }
            report.add(text.mark, "`\(context.key)` wants \(wanted), not \(text.value.quoted)")
            return nil
        } write: {
            .text($0)
        }
    }

    static var color: SettingCodec {
        checked("a colour", wants: "a colour such as \"#2e7d32\"") { text in
            let digits = text.utf8.dropFirst()
            guard text.utf8.first == UInt8(ascii: "#"), digits.count == 6,
                digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit })
            else { return nil }
            return text.lowercased()
        }
    }

    /// The URL of another site. It is used in a link as it is.
    static var webURL: SettingCodec {
        checked("a URL", wants: "a URL such as https://example.com/page, of at most 1000 ASCII characters") { text in
            let lowercased = text.lowercased()
            guard text.utf8.count <= 1_000,
                let scheme = ["https://", "http://"].first(where: lowercased.hasPrefix),
                text.utf8.count > scheme.utf8.count, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                !text.utf8.contains(where: { "\"'<>\\^`{|}".utf8.contains($0) }), URL(string: text)?.host() != nil
            else { return nil }
            return text
        }
    }

    static var timeZone: SettingCodec {
        checked(
            "a time zone", wants: "a time zone such as Europe/Berlin",
            examples: ["UTC", "America/New_York", "Asia/Shanghai", "Europe/Berlin", "Europe/London"]
        ) { text in
            // Not what Foundation makes of abbreviations and offsets.
            text == "UTC" || text.contains("/") && TimeZone.knownTimeZoneIdentifiers.contains(text) ? text : nil
        }
    }
}

extension SettingCodec where Value == [String] {
    /// As many as any list has.
    private static var most: Int { 100 }

    /// Names of letters, digits, `-`, `_` and `.`, each once, in their order.
    static var names: SettingCodec {
        SettingCodec("a list of names", words: .list, examples: ["[]"]) { node, context, report in
            let wanted = "a list of names such as [conversations, monal]"
            guard case .sequence(let items) = node.content else {
                if node.kind != .refused {
                    report.add(node.mark, "`\(context.key)` wants \(wanted), but this is \(node.kind.rawValue)")
                }
                return nil
            }
            guard items.count <= most else {
                report.add(node.mark, "`\(context.key)` has more than \(most) names")
                return nil
            }
            var names: [String] = []
            for item in items {
                guard let text = item.text(context.key, wants: wanted, report: &report) else { return nil }
                guard text.value.utf8.count <= 64, text.value.utf8.allSatisfy(isName) else {
                    report.add(text.mark, "`\(context.key)` wants \(wanted), not \(text.value.quoted)")
                    return nil
                }
                if !names.contains(text.value) { names.append(text.value) }
            }
            return names
        } write: {
            .list($0)
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
