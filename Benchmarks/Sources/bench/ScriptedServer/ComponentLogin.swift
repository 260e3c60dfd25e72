import NIOCore

/// The accepting side of XEP-0114's handshake, and what a server sends right after it.
struct ComponentLogin {
    private enum Phase {
        case header, handshake, done
    }

    private var phase = Phase.header
    private var received = ""

    var isDone: Bool { phase == .done }

    /// Takes received text and returns what to send, if anything. Any secret is accepted.
    mutating func receive(_ text: String) -> String? {
        received += text
        switch phase {
        case .header:
            guard let header = received.firstMatch(of: /<stream:stream[^>]*>/) else { return nil }
            received.removeSubrange(..<header.range.upperBound)
            phase = .handshake
            return """
                <?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
                xmlns:stream='http://etherx.jabber.org/streams' id='bench' from='\(CommandRequest.component)'>
                """
        case .handshake:
            guard received.contains("</handshake>") else { return nil }
            phase = .done
            return "<handshake/>"
        case .done:
            return nil
        }
    }

    /// What each host delegates (XEP-0355 §4.2) and permits (XEP-0356 §4.1), as Prosody announces it.
    static func announcements(hosts: [String]) -> ByteBuffer {
        var buffer = ByteBuffer()
        for host in hosts {
            buffer.writeString(
                """
                <message from='\(host)' to='\(CommandRequest.component)'><delegation xmlns='urn:xmpp:delegation:2'>\
                <delegated namespace='http://jabber.org/protocol/commands'><attribute name='node'/></delegated>\
                <delegated namespace='http://jabber.org/protocol/disco#items'><attribute name='node'/></delegated>\
                </delegation></message>\
                <message from='\(host)' to='\(CommandRequest.component)' id='privilege'>\
                <privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both'/>\
                <perm access='message' type='outgoing'/></privilege></message>
                """)
        }
        return buffer
    }

    /// An empty result for a question of the component's own, such as a ping.
    static func acknowledge(_ tag: IQTag, into output: inout ByteBuffer) {
        guard let id = tag.attribute("id") else { return }
        output.writeString("<iq type='result' id='")
        output.writeBytes(id)
        for (mine, theirs) in [("from", tag.attribute("to")), ("to", tag.attribute("from"))] {
            guard let theirs else { continue }
            output.writeString("' \(mine)='")
            output.writeBytes(theirs)
        }
        output.writeString("'/>")
    }
}
