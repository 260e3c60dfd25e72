import Testing

@testable import XMPP

@Suite struct StreamErrorTests {
    @Test(arguments: StreamError.Condition.allCases, [nil, "why"])
    func isReadAsItWasWritten(condition: StreamError.Condition, text: String?) throws {
        let error = StreamError(condition, text: text)
        #expect(error.element.is("error", Namespaces.streams))
        #expect(try StreamError(element(error.element.xml())) == error)
        #expect(error.description == condition.rawValue + (text.map { ": \($0)" } ?? ""))
    }

    @Test func anUnknownConditionIsUndefined() throws {
        let read = try element("<stream:error><odd xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><gone/></stream:error>")
        #expect(StreamError(read) == StreamError(.undefinedCondition))
    }
}
