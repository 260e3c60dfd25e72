/// What one connection may take. Beyond each there is a status that says so.
struct HTTPLimits: Hashable, Sendable {
    /// Bytes of the request line: 414.
    var requestLine = 8_000
    /// Bytes of a head: 431.
    var head = 16_384
    /// Fields of a head: 431.
    var fields = 64
    /// Bytes of a body: 413.
    var body = 16_384
    /// How long a head may take from its first byte on: 408.
    var headTime: Int64 = 10_000
    /// How long a body may take: 408.
    var bodyTime: Int64 = 15_000
    /// How long a connection may be without a request, in milliseconds.
    var idleTime: Int64 = 30_000
    /// How long the reader of an answer may take.
    var writeTime: Int64 = 30_000
    /// How long input is read and discarded after an answer that ends the connection: a reset would lose the answer.
    var lingerTime: Int64 = 1_000
    /// How many requests one connection may bring.
    var requests = 1_000
}
