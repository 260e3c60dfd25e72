import NIOCore
import TestSupport
import Testing

@testable import Control

@Suite struct LineSplitterTests {
    private func lines(_ chunks: [[UInt8]]) -> [LineSplitter.Result] {
        var splitter = LineSplitter()
        var results: [LineSplitter.Result] = []
        for chunk in chunks {
            var buffer = ByteBuffer(bytes: chunk)
            splitter.append(&buffer)
            while let result = splitter.next() {
                results.append(result)
                if result == .tooLong { return results }
            }
        }
        return results
    }

    @Test func linesAreTheSameHoweverTheyCome() {
        let text = Array("one\r\n\ntwo\nthree\r\r\n four \nrest".utf8)
        let wanted = ["one", "", "two", "three\r", " four "].map { LineSplitter.Result.line(Array($0.utf8)) }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var chunks: [[UInt8]] = []
            var rest = text[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(Int.random(in: 1...8, using: &random))
                chunks.append(Array(chunk))
                rest = rest.dropFirst(chunk.count)
            }
            #expect(lines(chunks) == wanted)
        }
        #expect(lines([text]) == wanted)
    }

    @Test func aLineHasABound() {
        let line = [UInt8](repeating: 1, count: LineSplitter.longestLine)
        #expect(lines([line + [10]]) == [.line(line)])
        #expect(lines([line, [10]]) == [.line(line)])
        #expect(lines([line + [1, 10]]) == [.tooLong])
        #expect(lines([line, [1]]) == [.tooLong])
    }

    @Test func whatHasNoEndIsTheRest() {
        var splitter = LineSplitter()
        var buffer = ByteBuffer(string: "one\ntwo")
        splitter.append(&buffer)
        #expect(splitter.next() == .line(Array("one".utf8)))
        #expect(splitter.next() == nil)
        #expect(splitter.rest() == Array("two".utf8))
        #expect(splitter.rest() == nil)
    }
}
