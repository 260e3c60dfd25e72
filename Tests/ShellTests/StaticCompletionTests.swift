import Shell
import Testing

@Suite struct StaticCompletionTests {
    private func values(_ words: String...) -> [String] {
        StaticCompletion(.standard).candidates(for: words).map(\.value)
    }

    @Test func commandsByTheirWords() {
        #expect(values("inv") == ["invite"])
        #expect(values("invite", "create", "") == ["account", "contact", "reset"])
        #expect(values("host", "s") == ["show", "set", "suspend"])
        #expect(values("nonsense", "") == [])
        #expect(values() == [])
    }

    @Test func optionsThatAreNotThereYet() {
        #expect(values("host", "list", "-") == ["--state", "--match"])
        #expect(values("host", "list", "--state", "running", "-") == ["--match"])
        #expect(values("host", "list", "--", "-") == [])
    }

    @Test func wordsOfWhichThereIsAList() {
        #expect(values("host", "list", "--state", "r") == ["running", "refused"])
        #expect(values("log", "level", "") == ["trace", "debug", "info", "notice", "warning", "error", "critical"])
        #expect(values("log", "level", "--for", "1m", "no") == ["notice"])
    }

    @Test func commandsAfterHelp() {
        #expect(values("help", "config", "c") == ["check", "confirm"])
    }

    @Test func eachSaysWhatItIs() {
        let candidates = StaticCompletion(.standard).candidates(for: ["version"])
        #expect(candidates == [.init("version", "Show the version of the daemon and of its commands")])
    }
}
