import NIOCore

/// The hellos of all hosts at once, and their answers.
final class ModuleHellos {
    private let count: Int
    private let answered: EventLoopPromise<Int64>
    private let start = NIODeadline.now()
    private var answers = 0

    init(count: Int, answered: EventLoopPromise<Int64>) {
        self.count = count
        self.answered = answered
    }

    /// Takes an answer. After the last one, reports how many nanoseconds all took.
    func take(_ tag: IQTag) {
        guard tag.number(prefix: ModuleRequest.helloPrefix) != nil else { return }
        if tag.has("type", "error") {
            answered.fail(BenchError("a hello was answered by an error"))
        }
        answers += 1
        if answers == count { answered.succeed((.now() - start).nanoseconds) }
    }

    func fail(_ error: any Error) {
        answered.fail(error)
    }
}
