import Shell
import TestSupport
import Testing

@Suite struct RowCheckerTests {
    private let checker = RowChecker([
        Field("host", .text, ""), Field("state", .choice(["up", "down"]), ""), Field("since", .time, ""),
        Field("count", .count, "", isOptional: true),
        Field("settings", .list(.object([Field("key", .text, "")])), "", isOptional: true),
        Field("metadata", .object([]), "", isOptional: true),
    ])
    private let good: JSON = ["host": "a.example", "state": "up", "since": "2026-11-22T19:06:10Z"]

    private func changed(_ key: String, to value: JSON?) -> JSON {
        var members = good.object ?? [:]
        members[key] = value
        return .object(members)
    }

    @Test func aGoodRowHasNoMistakes() {
        #expect(checker.mistakes(in: good).isEmpty)
        #expect(checker.mistakes(in: changed("count", to: .null)).isEmpty)
        #expect(checker.mistakes(in: changed("since", to: "2026-11-22T19:06:10.123Z")).isEmpty)
        #expect(checker.mistakes(in: changed("settings", to: [["key": "admins"]])).isEmpty)
        #expect(checker.mistakes(in: changed("metadata", to: ["anything": "goes"])).isEmpty)
    }

    @Test(
        arguments: [
            ("host", nil), ("host", 1), ("host", .null), ("state", "sideways"), ("since", "yesterday"), ("count", "1"),
            ("count", -1), ("settings", [["key": 1]]), ("settings", [["kay": "admins"]]), ("metadata", ["n": 1]),
            ("stranger", 1),
        ] as [(String, JSON?)])
    func aMistakeIsFoundAndNamed(key: String, value: JSON?) {
        let mistakes = checker.mistakes(in: changed(key, to: value))
        #expect(!mistakes.isEmpty)
        #expect(mistakes.allSatisfy { $0.contains(key) }, "\(mistakes)")
    }

    @Test func eventsMaySayHowManyWereLeftOut() {
        let dropped: JSON = ["dropped": 3]
        #expect(RowChecker(command: "trace").mistakes(in: dropped).isEmpty)
        #expect(!RowChecker(command: "host list").mistakes(in: dropped).isEmpty)
    }
}
