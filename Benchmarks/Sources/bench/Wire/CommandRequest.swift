import NIOCore

/// The bytes of requests to execute `urn:xmpp:invite#invite`, numbered in their ids.
enum CommandRequest {
    static let component = "invites.host.example"

    private static let command =
        "<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite' action='execute'/>"

    /// A client's request, as a client sends it. Its id is `c` and the number.
    struct FromClient {
        static let idPrefix = UInt8(ascii: "c")

        private let opening: ByteBuffer
        private let closing = ByteBuffer(string: "'>\(command)</iq>")

        init(to address: String) {
            opening = ByteBuffer(string: "<iq type='set' to='\(address)' id='c")
        }

        func write(_ number: Int, into buffer: inout ByteBuffer) {
            buffer.writeImmutableBuffer(opening)
            buffer.writeString(String(number))
            buffer.writeImmutableBuffer(closing)
        }
    }

    /// A client's request as Prosody's `mod_delegation` hands it to the component: XEP-0355 §4.
    /// The outer id is `o` and the number, the client's is `i` and the number.
    struct Delegated {
        static let outerPrefix = UInt8(ascii: "o")
        static let innerPrefix = UInt8(ascii: "i")

        private let opening: ByteBuffer
        private let user: ByteBuffer
        private let id: ByteBuffer
        private let closing = ByteBuffer(string: "'>\(command)</iq></forwarded></delegation></iq>")

        init(host: String) {
            opening = ByteBuffer(string: "<iq type='set' to='\(component)' from='\(host)' id='o")
            user = ByteBuffer(
                string: """
                    '><delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>\
                    <iq xmlns='jabber:client' type='set' to='\(host)' from='user
                    """)
            id = ByteBuffer(string: "@\(host)/bench' id='i")
        }

        func write(_ number: Int, user userNumber: Int, into buffer: inout ByteBuffer) {
            let digits = String(number)
            buffer.writeImmutableBuffer(opening)
            buffer.writeString(digits)
            buffer.writeImmutableBuffer(user)
            buffer.writeString(String(userNumber))
            buffer.writeImmutableBuffer(id)
            buffer.writeString(digits)
            buffer.writeImmutableBuffer(closing)
        }
    }
}
