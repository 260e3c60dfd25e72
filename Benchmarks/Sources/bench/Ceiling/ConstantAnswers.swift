import NIOCore

/// Turns the start tags of requests into whole answers with a constant body.
struct ConstantAnswers {
    /// The delegating stanza whose forwarded one has not been seen yet: id, from, to.
    private var outer: (id: ByteBuffer, host: ByteBuffer, component: ByteBuffer)?

    private static let command = ByteBuffer(
        string: """
            <command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite' \
            sessionid='constant' status='completed'><x xmlns='jabber:x:data' type='result'>\
            <title>Invitation</title><field var='FORM_TYPE' type='hidden'>\
            <value>urn:xmpp:invite#invitation</value></field>\
            <field var='uri' type='text-single' label='Invitation'>\
            <value>xmpp:user@a.example?roster;preauth=0123456789abcdefABCDEF;ibr=y</value></field>\
            <field var='expire' type='text-single' label='Valid until'>\
            <value>2030-01-01T00:00:00Z</value></field></x></command></iq>
            """)

    mutating func answerDirect(_ tag: IQTag, into output: inout ByteBuffer) {
        guard tag.has("type", "set") else {
            return refuseQuery(tag, into: &output)
        }
        guard let id = tag.attribute("id"), let from = tag.attribute("from"), let to = tag.attribute("to") else {
            return
        }
        output.writeString("<iq type='result' id='")
        output.writeBytes(id)
        output.writeString("' from='")
        output.writeBytes(to)
        output.writeString("' to='")
        output.writeBytes(from)
        output.writeString("'>")
        output.writeImmutableBuffer(Self.command)
    }

    mutating func answerDelegated(_ tag: IQTag, into output: inout ByteBuffer) {
        guard let id = tag.attribute("id"), let from = tag.attribute("from"), let to = tag.attribute("to") else {
            return
        }
        guard tag.has("xmlns", "jabber:client") else {
            if tag.has("type", "set") {
                outer = (ByteBuffer(bytes: id), ByteBuffer(bytes: from), ByteBuffer(bytes: to))
            } else {
                refuseQuery(tag, into: &output)
            }
            return
        }
        guard let (outerID, host, component) = outer else { return }
        outer = nil
        output.writeString("<iq type='result' id='")
        output.writeImmutableBuffer(outerID)
        output.writeString("' from='")
        output.writeImmutableBuffer(component)
        output.writeString("' to='")
        output.writeImmutableBuffer(host)
        output.writeString(
            """
            '><delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>\
            <iq xmlns='jabber:client' type='result' id='
            """)
        output.writeBytes(id)
        output.writeString("' from='")
        output.writeBytes(to)
        output.writeString("' to='")
        output.writeBytes(from)
        output.writeString("'>")
        output.writeImmutableBuffer(Self.command)
        output.writeString("</forwarded></delegation></iq>")
    }

    /// The server's own requests (disco, ping) get an error: they are sent once, at the start.
    private func refuseQuery(_ tag: IQTag, into output: inout ByteBuffer) {
        guard tag.has("type", "get"), let id = tag.attribute("id"), let from = tag.attribute("from"),
            let to = tag.attribute("to")
        else { return }
        output.writeString("<iq type='error' id='")
        output.writeBytes(id)
        output.writeString("' from='")
        output.writeBytes(to)
        output.writeString("' to='")
        output.writeBytes(from)
        output.writeString(
            """
            '><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
            """)
    }
}
