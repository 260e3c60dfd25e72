internal import NIOHTTP1

/// An answer, before it is known whether the connection stays open.
struct HTTPResponse: Hashable, Sendable {
    var status: HTTPStatus
    /// Without those that every answer has: `Date`, `Content-Length`, `Connection`.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []

    init(_ status: HTTPStatus, _ fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A short text, where there is no page to be shown.
    static func plain(_ status: HTTPStatus, _ fields: [(name: String, value: String)] = []) -> HTTPResponse {
        HTTPResponse(
            status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")] + fields,
            body: Array("\(status.rawValue) \(status.reason)\n".utf8))
    }

    static func == (left: HTTPResponse, right: HTTPResponse) -> Bool {
        left.status == right.status && left.body == right.body
            && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(status)
        hasher.combine(body)
    }

    /// The value of the first field of a name, for tests and metrics.
    subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
}

// MARK: - Writing

extension HTTPResponse {
    /// The head as it is sent over the connection (RFC 9112 §4).
    ///
    /// - Parameters:
    ///   - now: Seconds since 1970.
    ///   - isLast: Whether the connection ends after it.
    func head(at now: Int64, isLast: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders([("Date", HTTPDate.text(now))])
        for field in fields where Self.isSafe(field.value) { headers.add(name: field.name, value: field.value) }
        if status != .notModified { headers.add(name: "Content-Length", value: "\(body.count)") }
        if isLast { headers.add(name: "Connection", value: "close") }
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status.rawValue), headers: headers)
    }

    /// Whether a value is allowed in a field: nothing that ends the line.
    private static func isSafe(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

/// Times as HTTP writes them (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter seconds: Since 1970; what is before counts as 1970.
    static func text(_ seconds: Int64) -> String {
        // As far as four digits of a year suffice.
        let seconds = min(max(seconds, 0), 253_402_300_799)
        let (days, second) = (seconds / 86_400, seconds % 86_400)
        // Howard Hinnant's days to a civil date: years begin in March, eras have 400.
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 2 : monthFromMarch - 10
        let year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // The remainders above keep both indices within their lists.
        return "\(Self.days[Int(days % 7)]), \(two(day)) \(months[Int(month)]) \(year) "
            + "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    }
}
