import NIOCore

@testable import XMPP

/// An input is the payload of an IQ between the daemon and its module in a server; its first byte is the IQ's type.
struct ModuleTarget: FuzzTarget {
    static let name = "module"
    static let holds = "what is read of a module's stanzas is written as it is read again, and names are prepared"
    static let flags = ["-max_len=4096"]

    func run(_ input: UnsafeRawBufferPointer) {
        guard let first = input.first, let payload = Self.payload(Array(input.dropFirst())) else { return }
        let body: IQ.Body = first & 1 == 0 ? .get(payload) : .set(payload)
        if let request = try? ServerModuleRequest(body) {
            let again = expectNoError("not read again: \(payload)") { try ServerModuleRequest(request.body) }
            expect(again == request, "\(payload) was read as another request the second time")
            if case .name(let username) = request {
                expect((try? JID.prepareLocalpart(username)).map { same($0, username) } == true, "not prepared")
            }
        }
        if let command = try? ServerModuleCommand(body) {
            let again = expectNoError("not read again: \(payload)") { try ServerModuleCommand(command.body) }
            expect(again == command, "\(payload) was read as another command the second time")
        }
        if let account = ServerModuleAccount(payload) {
            expect(ServerModuleAccount(account.payload) == account, "\(payload) was read as something else")
        }
    }

    private static func payload(_ bytes: [UInt8]) -> Element? {
        let parser = StreamParser(limits: ParserLimits(stanzaBytes: 8192))
        let header = "<s:stream xmlns:s='\(Namespaces.streams)' xmlns='\(Namespaces.component)'>"
        guard (try? parser.read(ByteBuffer(string: header))) != nil,
            let events = try? parser.read(ByteBuffer(bytes: bytes))
        else { return nil }
        for case .element(let element) in events { return element }
        return nil
    }
}
