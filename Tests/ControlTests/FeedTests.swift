import Control
import TestSupport
import Testing

@Suite struct FeedTests {
    @Test func whatComesIsTakenInOrderAndAtOnce() async throws {
        let feed = Feed<Int>(capacity: 10)
        for number in 1...3 { feed.push(number) }
        let batch = try #require(await feed.next())
        #expect(batch.elements == [1, 2, 3])
        #expect(batch.dropped == 0)
    }

    @Test func whatDoesNotFitIsCountedBeforeWhatComesNext() async throws {
        let feed = Feed<Int>(capacity: 2)
        for number in 1...5 { feed.push(number) }
        let first = try #require(await feed.next())
        #expect(first.elements == [1, 2])
        #expect(first.dropped == 0)
        feed.push(6)
        let second = try #require(await feed.next())
        #expect(second.elements == [6])
        #expect(second.dropped == 3)
    }

    @Test func dropsAreToldThoughNothingFollows() async throws {
        let feed = Feed<Int>(capacity: 1)
        for number in 1...4 { feed.push(number) }
        _ = await feed.next()
        let drops = try #require(await feed.next())
        #expect(drops.elements.isEmpty)
        #expect(drops.dropped == 3)
        feed.push(5)
        let next = try #require(await feed.next())
        #expect(next.elements == [5])
        #expect(next.dropped == 0)
    }

    @Test func aFinishedFeedIsEmptiedAndThenEnds() async throws {
        let feed = Feed<Int>(capacity: 2)
        for number in 1...3 { feed.push(number) }
        feed.finish()
        feed.push(4)
        #expect(await feed.next()?.elements == [1, 2])
        #expect(await feed.next()?.dropped == 1)
        #expect(await feed.next() == nil)
    }

    @Test func whoWaitsIsWokenByAnElementTheEndAndCancellation() async throws {
        let feed = Feed<Int>(capacity: 2)
        async let woken = feed.next()
        feed.push(1)
        #expect(await woken?.elements == [1])

        let cancelled = Task { await feed.next() == nil }
        cancelled.cancel()
        #expect(await cancelled.value)

        async let ended = feed.next()
        feed.finish()
        #expect(await ended == nil)
    }

    /// Many threads push while one takes: every element is either taken or counted.
    @Test func nothingIsLostUncounted() async throws {
        let feed = Feed<Int>(capacity: 64)
        let taker = Task {
            var (taken, dropped) = (0, 0)
            while let batch = await feed.next() {
                taken += batch.elements.count
                dropped += batch.dropped
                #expect(batch.elements.count <= 64)
            }
            return taken + dropped
        }
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for number in 0..<10_000 { feed.push(number) } }
            }
        }
        feed.finish()
        #expect(await taker.value == 80_000)
    }
}
