import Shell
import Testing

@testable import Control

@Suite struct SessionMachineTests {
    private let ok = ServerMessage.End(.ok)

    /// A session in plain text whose first command runs.
    private func plain(isStream: Bool = false) throws -> SessionMachine {
        var machine = SessionMachine()
        #expect(machine.receive(Array("status".utf8)) == .plainText(isFirst: true))
        #expect(machine.receivePlain(Array("status".utf8), isCancel: false) == .run)
        let id = machine.makeID()
        try machine.begin(id, isStream: isStream)
        return machine
    }

    private func json(_ ids: Int64...) throws -> SessionMachine {
        var machine = SessionMachine()
        #expect(machine.receive(Array(" {".utf8)) == .request)
        for id in ids { try machine.begin(id, isStream: false) }
        return machine
    }

    private func rejection(_ machine: inout SessionMachine, _ id: Int64) -> SessionMachine.Rejection? {
        do throws(SessionMachine.Rejection) {
            try machine.begin(id, isStream: false)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Lines

    @Test func theFirstLineSaysWhatThePeerSpeaks() {
        for (line, kind, next) in [
            ("{", SessionMachine.LineKind.request, SessionMachine.LineKind.request), (" \t{}", .request, .request),
            ("", .plainText(isFirst: true), .plainText(isFirst: false)),
            ("help {", .plainText(isFirst: true), .plainText(isFirst: false)),
        ] {
            var machine = SessionMachine()
            #expect(machine.receive(Array(line.utf8)) == kind, "\(line)")
            #expect(machine.receive(Array("{".utf8)) == next, "\(line)")
        }
    }

    @Test func inPlainTextOneLineWaitsForTheCommandBeforeIt() throws {
        var machine = try plain()
        #expect(machine.takesLines)
        #expect(machine.receivePlain([1], isCancel: false) == .wait)
        #expect(!machine.takesLines)
        let (end, next) = machine.finish(1, ok)
        #expect(end == ok && next == [1])
        #expect(!machine.takesLines && !machine.isDone, "it is about to be run")
        machine.started()
        #expect(machine.takesLines)
    }

    @Test func aLineEndsAStreamAndRunsThen() throws {
        var machine = try plain(isStream: true)
        #expect(machine.receivePlain([1], isCancel: false) == .cancel(1))
        machine.cancel(1)
        #expect(machine.finish(1, .init(.cancelled)).next == [1])
    }

    @Test func theWordCancelIsNoLineToRun() throws {
        var machine = try plain()
        #expect(machine.receivePlain([1], isCancel: true) == .cancel(1))
        #expect(machine.finish(1, .init(.cancelled)).next == nil)
    }

    @Test func tooManyBadLinesAreCounted() {
        var machine = SessionMachine()
        let results = (0..<100).map { _ in machine.countBadLine() }
        #expect(results.firstIndex(of: true) == 99)
    }

    // MARK: Requests

    @Test func requestsAreBoundedAndTheirNumbersUnique() throws {
        var machine = try json(1, 2, 3, 4, 5, 6, 7)
        #expect(rejection(&machine, 1)?.id == 0)
        #expect(rejection(&machine, 8) == nil)
        #expect(rejection(&machine, 9)?.end.code == .tooManyCommands)
        _ = machine.finish(1, ok)
        #expect(rejection(&machine, 1) == nil)
    }

    // MARK: Questions

    @Test func anAnswerCanComeBeforeTheCommandWaits() throws {
        var machine = try json(1)
        machine.expectAnswer(to: 1)
        #expect(machine.answer(1, "a") == false)
        #expect(machine.answer(1, "b") == false)
        #expect(machine.wait(for: 1) == .answer("b"))
        // An unsolicited answer is not the answer to the next question.
        #expect(machine.answer(1, "c") == false)
        #expect(machine.wait(for: 1) == .waits)
        #expect(machine.answer(1, "d") == true)
        machine.expectAnswer(to: 1)
        #expect(machine.answer(1, "e") == false)
        machine.expectAnswer(to: 1)
        #expect(machine.wait(for: 1) == .waits, "the answer was to the question before")
    }

    @Test func inPlainTextTheLineThatWaitsIsTheAnswer() throws {
        var machine = try plain()
        _ = machine.receivePlain([1], isCancel: false)
        machine.expectAnswer(to: 1)
        #expect(machine.wait(for: 1) == .line([1]))
        #expect(machine.wait(for: 1) == .waits)
        #expect(machine.takesLines)
        #expect(machine.receivePlain([2], isCancel: true) == .answer(1))
    }

    @Test func ofTwoQuestionsAtOnceTheFirstHasNoAnswer() throws {
        var machine = try json(1)
        #expect(machine.wait(for: 1) == .waits)
        #expect(machine.wait(for: 1) == .waitsInstead)
        #expect(machine.answer(1, "a") == true)
        #expect(machine.answer(1, "a") == false)
    }

    @Test func withoutInputThereAreNoAnswers() throws {
        var machine = try json(1, 2)
        #expect(machine.wait(for: 1) == .waits)
        #expect(machine.endInput() == [1])
        #expect(machine.endInput() == [])
        #expect(machine.wait(for: 1) == .answer(nil))
        #expect(machine.wait(for: 2) == .answer(nil))
        #expect(!machine.isDone && !machine.isEnding)
        for id: Int64 in [1, 2] { #expect(machine.finish(id, ok).end == ok) }
        #expect(machine.isDone)
        #expect(machine.takeFarewell() == nil)
    }

    @Test func aCancelledCommandGetsNoAnswer() throws {
        var machine = try json(1)
        machine.expectAnswer(to: 1)
        machine.cancel(1)
        #expect(machine.isCancelled(1))
        #expect(machine.answer(1, "a") == false)
        #expect(machine.wait(for: 1) == .cancelled)
        #expect(machine.wait(for: 2) == .cancelled, "there is no such request")
    }

    // MARK: The end

    @Test func theLastWordIsSaidOnceAfterAllEnds() throws {
        let (first, second) = (ServerMessage.End(.shuttingDown), ServerMessage.End(.denied))
        var machine = try json(1, 2)
        #expect(Set(machine.end(requests: first, farewell: first)) == [1, 2])
        _ = machine.end(requests: second, farewell: second)
        #expect(machine.isEnding && !machine.takesLines)
        #expect(rejection(&machine, 3)?.end == first)
        #expect(machine.takeFarewell() == nil)
        #expect(machine.finish(1, .init(.cancelled)).end == first)
        // A command that is done is not reported as cancelled.
        #expect(machine.finish(2, ok).end == ok)
        #expect(machine.takeFarewell() == first)
        #expect(machine.takeFarewell() == nil)
        #expect(machine.isDone)
    }

    @Test func noLineBeginsOnceTheSessionEnds() throws {
        var machine = try plain()
        _ = machine.receivePlain([1], isCancel: false)
        _ = machine.end(requests: .interrupted, farewell: nil)
        #expect(machine.finish(1, ok).next == nil)
        #expect(machine.isDone)
    }

    @Test func commandsThatDoNotEndAreGivenUp() throws {
        var machine = try json(2, 1)
        _ = machine.end(requests: .init(.shuttingDown), farewell: nil)
        let (ids, end) = machine.abandon()
        #expect(ids == [1, 2] && end.code == .shuttingDown)
        #expect(machine.isDone)
        // Its end has been sent.
        #expect(machine.finish(1, ok).end == nil)
        #expect(machine.close() == [])
        #expect(machine.takeGone() == false, "one still runs")
        _ = machine.finish(2, ok)
        #expect(machine.takeGone() == true)
        #expect(machine.takeGone() == false)
    }

    @Test func whoseChannelIsClosedRunsNothingMore() throws {
        var machine = try plain()
        _ = machine.receivePlain([1], isCancel: false)
        #expect(machine.close() == [1])
        #expect(machine.wait(for: 1) == .cancelled)
        #expect(machine.finish(1, ok).next == nil)
        #expect(rejection(&machine, 2) != nil)
        #expect(machine.takeGone() == true)
    }
}
