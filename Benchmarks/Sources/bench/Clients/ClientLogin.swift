import Foundation

/// What a client sends and receives until it is bound: SASL PLAIN (RFC 4616) on a loopback stream without TLS.
///
/// A pure state machine: bytes in, bytes out.
struct ClientLogin {
    enum Step: Equatable {
        case wait
        case send(String)
        case done
        case failed(String)
    }

    private enum Phase {
        case features, success, featuresAgain, bind, done
    }

    let user: String
    let host: String
    let password: String
    private var phase = Phase.features
    private var received = ""

    init(user: String, host: String, password: String) {
        self.user = user
        self.host = host
        self.password = password
    }

    var header: String {
        """
        <?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' to='\(host)' version='1.0'>
        """
    }

    mutating func receive(_ text: String) -> Step {
        received += text
        if received.contains("<stream:error") || received.contains("<failure") {
            return .failed(received)
        }
        switch phase {
        case .features where passed("</stream:features>"):
            phase = .success
            let response = Data("\u{0}\(user)\u{0}\(password)".utf8).base64EncodedString()
            return .send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(response)</auth>")
        case .success where passed("<success"):
            phase = .featuresAgain
            return .send(header)
        case .featuresAgain where passed("</stream:features>"):
            phase = .bind
            return .send(
                """
                <iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                <resource>bench</resource></bind></iq>
                """)
        case .bind where passed("</iq>"):
            phase = .done
            return .done
        default:
            return .wait
        }
    }

    private mutating func passed(_ marker: String) -> Bool {
        guard let range = received.range(of: marker) else { return false }
        received.removeSubrange(..<range.upperBound)
        return true
    }
}
