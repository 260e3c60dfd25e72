/// A request of HTTP/1 (RFC 9112), whole and well-formed.
struct HTTPRequest: Hashable, Sendable {
    var method: HTTPMethod
    /// As it was sent: visible ASCII.
    var target: String
    var isVersion11 = true
    var fields: [HTTPField] = []
    var body: [UInt8] = []

    /// The value of a field that is there once; `nil` where it is not there, or more often.
    ///
    /// - Parameter name: In lower case.
    subscript(name: String) -> String? {
        var found: String?
        for field in fields where field.name == name {
            if found != nil { return nil }
            found = field.value
        }
        return found
    }

    /// The values of a field that is a list, each as it was sent.
    func values(of name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// Whether the connection is to stay open after the answer (RFC 9112 §9.3).
    var keepsConnection: Bool {
        // swift-nio's parser reads no request after one that asks for another protocol, which none here answers with.
        if method == .connect || !values(of: "upgrade").isEmpty { return false }
        let options = values(of: "connection").flatMap { $0.split(separator: ",") }
            .map { $0.trimmingSpaces.lowercased() }
        if options.contains("close") { return false }
        return isVersion11 || options.contains("keep-alive")
    }
}

/// A field of a head. Names are in lower case; what a value holds beyond ASCII is read as Latin-1.
struct HTTPField: Hashable, Sendable {
    var name: String
    var value: String
}

/// The methods that are known (RFC 9110 §9, RFC 5789).
enum HTTPMethod: String, CaseIterable, Hashable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case connect = "CONNECT"
    case options = "OPTIONS"
    case trace = "TRACE"
    case patch = "PATCH"
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmingSpaces: String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var bytes = Substring(self).utf8[...]
        while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
