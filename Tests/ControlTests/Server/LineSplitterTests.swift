import NIOCore
import TestSupport
import Testing

@testable import Control

@Suite struct LineSplitterTests {
    /// The lines of some chunks; with `isInputOver`, the input ends after the last chunk.
    private func lines(_ chunks: [[UInt8]], isInputOver: Bool = false) -> [LineSplitter.Result] {
        var splitter = LineSplitter()
        var results: [LineSplitter.Result] = []
        for (index, chunk) in chunks.enumerated() {
            var buffer = ByteBuffer(bytes: chunk)
            splitter.append(&buffer)
            while let result = splitter.next(isInputOver: isInputOver && index == chunks.count - 1) {
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

    @Test func theEndOfTheInputEndsALine() {
        #expect(lines([Array("one\ntwo\r".utf8)], isInputOver: true) == ["one", "two"].map { .line(Array($0.utf8)) })
        #expect(lines([Array("t".utf8), Array("wo".utf8)], isInputOver: true) == [.line(Array("two".utf8))])
        #expect(lines([Array("one\n".utf8)], isInputOver: true) == [.line(Array("one".utf8))])
        #expect(lines([[]], isInputOver: true).isEmpty)
        let line = [UInt8](repeating: 1, count: LineSplitter.longestLine)
        #expect(lines([line], isInputOver: true) == [.line(line)])
        #expect(lines([line + [1]], isInputOver: true) == [.tooLong])
    }

    /// As a channel calls it: again with every turn, also after the last input.
    @Test func afterTheLastLineThereIsNothing() {
        var splitter = LineSplitter()
        var buffer = ByteBuffer(string: "a")
        splitter.append(&buffer)
        #expect(splitter.next(isInputOver: false) == nil)
        #expect(splitter.next(isInputOver: true) == .line([UInt8(ascii: "a")]))
        for _ in 0..<3 { #expect(splitter.next(isInputOver: true) == nil) }
    }
}
