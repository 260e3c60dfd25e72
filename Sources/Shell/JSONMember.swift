/// Takes a member out of a JSON object without reading and writing it again.
package enum JSONMember {
    /// The bytes of the value of a member of the object.
    ///
    /// - Parameters:
    ///   - name: Without anything that JSON escapes.
    ///   - object: One JSON object, known to be well-formed.
    package static func find(_ name: String, in object: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let wanted = Array(name.utf8)
        var depth = 0
        var index = object.startIndex
        var key: ArraySlice<UInt8>?
        var valueStart: Int?
        while index < object.endIndex {
            switch object[index] {
            case UInt8(ascii: "\""):
                let start = index + 1
                index = endOfString(object, start)
                if depth == 1, valueStart == nil, key == nil { key = object[start..<min(index, object.endIndex)] }
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ":") where depth == 1 && valueStart == nil: valueStart = index + 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","):
                if object[index] != UInt8(ascii: ",") { depth -= 1 }
                let isEnd = depth == 0 || (depth == 1 && object[index] == UInt8(ascii: ","))
                if isEnd, let start = valueStart {
                    if key?.elementsEqual(wanted) == true { return trimmed(object[start..<index]) }
                    (key, valueStart) = (nil, nil)
                }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// The same JSON without what JSON allows and terminals interpret: control and format characters beyond ASCII are
    /// written as `\u009B`, and tabs and line breaks, which JSON allows only between values, as spaces.
    package static func harmless(_ json: ArraySlice<UInt8>) -> [UInt8] {
        guard json.contains(where: { $0 >= 0x7F || $0 < 0x20 }) else { return Array(json) }
        var text = ""
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar.value < 0x20: text += " "
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: true)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return Array(text.utf8)
    }

    /// Where the quote that closes a string is.
    private static func endOfString(_ json: ArraySlice<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < json.endIndex, json[index] != UInt8(ascii: "\"") {
            index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index
    }

    private static func trimmed(_ json: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { [0x09, 0x0A, 0x0D, 0x20].contains($0) }
        var json = json.drop(while: isSpace)
        while let last = json.last, isSpace(last) { json.removeLast() }
        return json
    }
}
