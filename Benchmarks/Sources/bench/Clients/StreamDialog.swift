import NIOCore

/// The requests of a client on one stream before login, in order, and the answer that each has to get.
struct StreamDialog: Sendable {
    struct Request: Sendable {
        var payload: String
        /// The condition of the error that is the right answer; none where it is a result.
        var refusal: String?
    }

    /// What the stream is opened to.
    let host: String
    let requests: [Request]

    var header: String {
        """
        <?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' to='\(host)' version='1.0'>
        """
    }

    /// The ids of requests are `r` and the number.
    static let idPrefix = UInt8(ascii: "r")

    func request(_ number: Int) -> String {
        "<iq type='set' id='r\(number)' to='\(host)'>\(requests[number].payload)</iq>"
    }

    /// XEP-0445 §4.
    static func preauth(_ token: String, refusal: String? = nil) -> Request {
        Request(payload: "<preauth xmlns='urn:xmpp:pars:0' token='\(token)'/>", refusal: refusal)
    }

    /// XEP-0077 §3.1.
    static func register(_ username: String) -> Request {
        Request(
            payload: """
                <query xmlns='jabber:iq:register'><username>\(username)</username>\
                <password>\(ClientFleet.password)</password></query>
                """)
    }
}
