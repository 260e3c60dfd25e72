import Testing

@testable import XMPP

@Suite(.timeLimit(.minutes(5))) struct RequestTrackerTests {
    private let server: JID
    private let stranger: JID
    private let payload = Element("q", namespace: "urn:q")

    init() throws {
        server = try JID("a.example")
        stranger = try JID("mallory@b.example/x")
    }

    /// What a request gets when this happens right after it was sent.
    private func outcome(
        of tracker: RequestTracker = RequestTracker(prefix: "p"), to address: JID?, isConnected: Bool = true,
        when: (RequestTracker, String) -> Void = { _, _ in }
    ) async -> Result<Element?, RequestError> {
        let id = tracker.nextID()
        do throws(RequestError) {
            return .success(
                try await tracker.answer(to: id, from: address) {
                    when(tracker, id)
                    return isConnected
                })
        } catch {
            return .failure(error)
        }
    }

    @Test func results() async {
        let payload = payload
        let server = server
        let result = await outcome(to: server) { tracker, id in
            #expect(tracker.resolve(IQ(from: server, to: nil, id: id, body: .result(payload))))
            // No request waits for a second answer.
            #expect(!tracker.resolve(IQ(from: server, to: nil, id: id, body: .result(nil))))
        }
        #expect(result == .success(payload))
    }

    @Test func errors() async {
        let server = server
        let result = await outcome(to: server) { tracker, id in
            #expect(tracker.resolve(IQ(from: server, to: nil, id: id, body: .error(StanzaError(.forbidden)))))
        }
        #expect(result == .failure(.refused(StanzaError(.forbidden))))
    }

    @Test func anAnswerOfAStrangerIsIgnored() async {
        let (server, stranger, payload) = (server, stranger, payload)
        let result = await outcome(to: server) { tracker, id in
            #expect(!tracker.resolve(IQ(from: stranger, to: nil, id: id, body: .result(nil))))
            #expect(!tracker.resolve(IQ(from: stranger, to: nil, id: id, body: .error(StanzaError(.gone)))))
            #expect(!tracker.resolve(IQ(from: server, to: nil, id: id + "0", body: .result(nil))))
            #expect(!tracker.resolve(IQ(from: server, to: nil, id: id, body: .get(payload))))
            #expect(!tracker.resolve(IQ(from: server, to: nil, id: id, body: .set(payload))))
            #expect(tracker.resolve(IQ(from: server, to: nil, id: id, body: .result(payload))))
        }
        #expect(result == .success(payload))
    }

    @Test func withoutAConnectionNobodyWaits() async {
        #expect(await outcome(to: server, isConnected: false) == .failure(.disconnected))
    }

    @Test func timeOuts() async {
        let result = await outcome(to: server) { tracker, id in
            tracker.timeOut("other")
            tracker.timeOut(id)
            tracker.timeOut(id)
        }
        #expect(result == .failure(.timeout))
    }

    @Test func aDisconnectFailsAllThatWait() async {
        let tracker = RequestTracker(prefix: "p")
        let server = server
        await withTaskGroup(of: Result<Element?, RequestError>.self) { group in
            let (sent, continuation) = AsyncStream.makeStream(of: Void.self)
            for _ in 0..<10 {
                group.addTask { await outcome(of: tracker, to: server) { _, _ in continuation.yield() } }
            }
            var waiting = 0
            for await _ in sent {
                waiting += 1
                if waiting == 10 { break }
            }
            tracker.disconnect()
            for await result in group { #expect(result == .failure(.disconnected)) }
        }
    }

    @Test func idsAreNeverUsedTwice() {
        let tracker = RequestTracker(prefix: "p-")
        let ids = (0..<100).map { _ in tracker.nextID() }
        #expect(Set(ids).count == 100 && ids.allSatisfy { $0.hasPrefix("p-") })
    }
}
