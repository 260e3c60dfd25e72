@testable import XMPP

struct JIDTarget: FuzzTarget {
    static let name = "jid"
    static let holds = "an address is read the same again, plain ones as by stringprep, and no part exceeds 1023 bytes"
    static let flags = ["-max_len=4096"]

    func run(_ input: UnsafeRawBufferPointer) {
        let text = String(decoding: input, as: UTF8.self)
        let plain = JID(plain: text)
        let long = try? JID(long: text)
        if let plain { expect(isSame(plain, long), "the short way reads \(plain), the long way \(long as Any)") }

        guard let jid = try? JID(text) else {
            expect(long == nil, "\(text.debugDescription) is refused, but not by the long way")
            return
        }
        expect(isSame(jid, long), "it is read as \(jid), and the long way as \(long as Any)")
        for part in [jid.localpart, jid.domain, jid.resource] {
            guard let part else { continue }
            expect((1...1023).contains(part.utf8.count), "\(jid) has a part of \(part.utf8.count) bytes")
            expect(!part.utf8.contains(0), "\(jid) has a NUL")
        }
        let again = expectNoError("\(jid) is not read again") { () throws(JIDError) in try JID(jid.description) }
        expect(isSame(again, jid), "\(jid.description.debugDescription) is read again as \(again)")
        expect(JID(plain: jid.description).map { isSame($0, jid) } ?? true, "\(jid) is read otherwise by the short way")
        let unicode = JID.unicodeDomain(jid.domain)
        expect(same(JID.unicodeDomain(unicode), unicode), "\(jid.domain) has two Unicode forms")
    }

    private func isSame(_ a: JID, _ b: JID?) -> Bool {
        guard let b, a == b, b == a, a.hashValue == b.hashValue else { return false }
        return a.description.utf8.elementsEqual(b.description.utf8) && Set([a, b]).count == 1
    }
}
