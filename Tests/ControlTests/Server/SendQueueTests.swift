import NIOCore
import Synchronization
import Testing

@testable import Control

@Suite struct SendQueueTests {
    /// Otherwise a plain text session whose next line waits for the command before it could wait for ever: that command
    /// ends while the event loop, which has just seen that it runs, has not yet taken its output.
    @Test func whatComesWhileTheEventLoopLooksWakesItAgain() {
        let wakes = Mutex(0)
        let sendQueue = SendQueue { wakes.withLock { $0 += 1 } }
        sendQueue.putNow([1])
        sendQueue.signal()
        #expect(wakes.withLock { $0 } == 1)
        sendQueue.beginTurn()
        sendQueue.signal()
        sendQueue.signal()
        #expect(wakes.withLock { $0 } == 2)
        #expect(sendQueue.take()?.readableBytes == 1)
        sendQueue.signal()
        #expect(wakes.withLock { $0 } == 2)
        sendQueue.beginTurn()
        sendQueue.signal()
        #expect(wakes.withLock { $0 } == 3)
    }

    @Test func whatComesWhileSomethingIsWrittenIsTakenAfterIt() {
        let wakes = Mutex(0)
        let sendQueue = SendQueue { wakes.withLock { $0 += 1 } }
        sendQueue.putNow([1])
        sendQueue.beginTurn()
        #expect(sendQueue.take()?.readableBytes == 1)
        sendQueue.putNow([2, 3])
        #expect(wakes.withLock { $0 } == 1)
        #expect(sendQueue.take() == nil)
        sendQueue.written()
        #expect(sendQueue.take()?.readableBytes == 2)
        #expect(!sendQueue.isEmpty)
        sendQueue.written()
        #expect(sendQueue.isEmpty)
    }
}
