internal import Foundation

/// A JSON value (RFC 8259).
package enum JSON: Hashable, Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSON])
    case object([String: JSON])
}

// MARK: - Reading and writing

extension JSON {
    /// Reads one value.
    ///
    /// - Throws: An error when the bytes are not one value in UTF-8 without a byte order mark, or it is nested deeper than
    ///   512.
    package init(reading bytes: some Sequence<UInt8>) throws {
        var bytes = Array(bytes)
        // Foundation also accepts UTF-16 and UTF-32, in which the signs of JSON have these bytes; in UTF-8 none has. It
        // skips a byte order mark, which would disturb programs that show the same line.
        guard !bytes.contains(0), !bytes.starts(with: Self.mark) else { throw Unreadable() }
        if bytes.contains(Self.mark[0]) { bytes = Self.escapingMarks(bytes) }
        self = try JSON(foundation: JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed))
    }

    /// A byte order mark, U+FEFF.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The same JSON with each U+FEFF written as an escape: Foundation drops those that begin a text or follow an escape.
    private static func escapingMarks(_ json: [UInt8]) -> [UInt8] {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(json.count)
        var rest = json[...]
        var isAfterBackslash = false
        while let byte = rest.first {
            if rest.starts(with: mark), !isAfterBackslash {
                escaped += #"\uFEFF"#.utf8
                rest = rest.dropFirst(mark.count)
            } else {
                escaped.append(byte)
                rest = rest.dropFirst()
                isAfterBackslash = byte == UInt8(ascii: "\\") && !isAfterBackslash
            }
        }
        return escaped
    }

    private struct Unreadable: Error {}

    private init(foundation value: Any) throws {
        switch value {
        case let text as String: self = .text(text)
        case let object as [String: Any]: self = .object(try object.mapValues(JSON.init(foundation:)))
        case let list as [Any]: self = .list(try list.map(JSON.init(foundation:)))
        case let number as NSNumber:
            // true and 1 are both numbers here, distinguished only by the type that they were made from.
            if String(cString: number.objCType) == "c" {
                self = .flag(number.boolValue)
            } else if let integer = Int64(exactly: number) {
                self = .integer(integer)
            } else {
                self = .number(number.doubleValue)
            }
        case is NSNull: self = .null
        default: throw Unreadable()
        }
    }

    /// The value in one line of UTF-8 without its end; keys are sorted, so that equal values are equal text.
    package var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        // With that strategy every value can be written.
        return (try? encoder.encode(self)).map { [UInt8]($0) } ?? Array("null".utf8)
    }

    /// ``bytes`` as a string.
    package var line: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSON: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

// MARK: - Looking inside

extension JSON {
    /// The member of an object; `nil` when there is none, or this is no object.
    package subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
    package var list: [JSON]? { if case .list(let value) = self { value } else { nil } }
    package var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

    /// A list of texts; `nil` when this is anything else.
    package var texts: [String]? {
        guard let list else { return nil }
        let texts = list.compactMap(\.text)
        return texts.count == list.count ? texts : nil
    }

    /// A text, or `null` for none.
    package static func optional(_ text: String?) -> JSON { text.map(JSON.text) ?? .null }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(arrayLiteral elements: JSON...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { $1 })
    }
}
