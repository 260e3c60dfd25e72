import ArgumentParser
import Foundation
import Logging

/// How log lines are written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people and for journald, which reads the priority in front of each line.
    case text
    /// One JSON object a line.
    case json

    func line(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, isJournal: Bool,
        time: Date = Date()
    ) -> String {
        switch self {
        case .text: text(level, message, metadata, isJournal: isJournal, time: time)
        case .json: json(level, message, metadata, label: label, time: time)
        }
    }

    private func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, isJournal: Bool, time: Date
    ) -> String {
        var line = isJournal ? "<\(level.journalPriority)>" : "\(time.formatted(Self.timeStyle)) \(level.rawValue): "
        line += Self.singleLine(message)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Self.quoted("\(value)"))"
        }
        return line
    }

    private func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, time: Date
    ) -> String {
        var object = metadata.mapValues { "\($0)" }
        object["time"] = time.formatted(Self.timeStyle)
        object["level"] = level.rawValue
        object["label"] = label
        object["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A dictionary of strings always encodes.
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Values come from clients: one must not be able to forge a log line, or to control the terminal.
    private static func singleLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func quoted(_ value: String) -> String {
        let value = singleLine(value)
        // By scalars: a quotation mark with an accent on it is another Character, and a quotation mark all the same.
        let special: Set<Unicode.Scalar> = [" ", "\"", "=", "\\"]
        if !value.isEmpty, !value.unicodeScalars.contains(where: special.contains) { return value }
        var escaped = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { escaped.append("\\") }
            escaped.append(scalar)
        }
        return "\"\(String(escaped))\""
    }
}

extension Logger.Level {
    /// syslog(3)'s priority, as sd-daemon(3) has it in front of a line.
    fileprivate var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
