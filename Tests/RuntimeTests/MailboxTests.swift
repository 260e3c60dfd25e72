import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Runtime
@testable import Supervision

@Suite struct MailboxTests {
    @Test func theConsumerIsCalledOnceForAllThatComesMeanwhile() {
        let mailbox = Mailbox<Int>(capacity: 10)
        #expect(mailbox.offer(1) == .acceptedFirst)
        #expect(mailbox.offer(2) == .accepted)
        #expect(mailbox.takeAll() == [1, 2])
        // The consumer still runs: it takes this item without being started again.
        #expect(mailbox.offer(3) == .accepted)
        #expect(mailbox.takeAll() == [3])
        #expect(mailbox.takeAll() == nil)
        #expect(mailbox.offer(4) == .acceptedFirst)
        #expect(mailbox.takeAll() == [4])
    }

    @Test func itIsBounded() {
        let mailbox = Mailbox<Int>(capacity: 2)
        #expect(mailbox.offer(1) == .acceptedFirst)
        #expect(mailbox.offer(2) == .accepted)
        #expect(mailbox.offer(3) == .full)
        // What is our own is not refused for what others sent.
        #expect(mailbox.offer(4, urgent: true) == .accepted)
        #expect(mailbox.count == 2, "nobody waits for what is our own")
        #expect(mailbox.takeAll() == [1, 2, 4])
        #expect(mailbox.offer(5) == .accepted)
        #expect(mailbox.count == 1)
    }

    @Test func closedItGivesWhatItHas() {
        let mailbox = Mailbox<Int>(capacity: 2)
        _ = mailbox.offer(1)
        mailbox.close()
        #expect(mailbox.offer(2) == .closed)
        #expect(mailbox.offer(3, urgent: true) == .accepted)
        #expect(mailbox.takeAll() == [1, 3])
        #expect(mailbox.takeAll() == nil)
    }

    @Test func manyOffersAtOnceCallOneConsumerAtATime() async {
        let mailbox = Mailbox<Int>(capacity: 1_000_000)
        let taken = await withTaskGroup(of: [Int].self) { group in
            for producer in 0..<8 {
                group.addTask {
                    var taken: [Int] = []
                    for item in 0..<500 where mailbox.offer(producer * 500 + item) == .acceptedFirst {
                        while let items = mailbox.takeAll() { taken += items }
                    }
                    return taken
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == Array(0..<4000))
    }
}
