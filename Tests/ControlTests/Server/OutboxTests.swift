import NIOCore
import Synchronization
import Testing

@testable import Control

@Suite struct OutboxTests {
    /// Otherwise a plain text session whose next line waits for the command before it could wait for ever: that command
    /// ends while the event loop, which has just seen that it runs, has not yet taken what it said.
    @Test func whatComesWhileTheEventLoopLooksWakesItAgain() {
        let wakes = Mutex(0)
        let outbox = Outbox { wakes.withLock { $0 += 1 } }
        outbox.putNow([1])
        outbox.signal()
        #expect(wakes.withLock { $0 } == 1)
        outbox.beginLook()
        outbox.signal()
        outbox.signal()
        #expect(wakes.withLock { $0 } == 2)
        #expect(outbox.take()?.readableBytes == 1)
        outbox.signal()
        #expect(wakes.withLock { $0 } == 2)
        outbox.beginLook()
        outbox.signal()
        #expect(wakes.withLock { $0 } == 3)
    }

    @Test func whatComesWhileSomethingIsWrittenIsTakenAfterIt() {
        let wakes = Mutex(0)
        let outbox = Outbox { wakes.withLock { $0 += 1 } }
        outbox.putNow([1])
        outbox.beginLook()
        #expect(outbox.take()?.readableBytes == 1)
        outbox.putNow([2, 3])
        #expect(wakes.withLock { $0 } == 1)
        #expect(outbox.take() == nil)
        outbox.written()
        #expect(outbox.take()?.readableBytes == 2)
        #expect(!outbox.isEmpty)
        outbox.written()
        #expect(outbox.isEmpty)
    }
}
