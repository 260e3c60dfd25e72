import NIOHTTP1
import Testing

@testable import Web

@Suite struct HTTPResponseTests {
    @Test func answersHaveTheirFields() {
        let response = HTTPResponse(.ok, [("A", "b"), ("Bad", "x\r\nInjected: y")], body: Array("hi".utf8))
        let head = response.head(at: 784_111_777, isLast: false)
        #expect(
            head.headers.map { "\($0.name): \($0.value)" }
                == ["Date: Sun, 06 Nov 1994 08:49:37 GMT", "A: b", "Content-Length: 2"])
        #expect(head.status == .ok)
        #expect(response.head(at: 0, isLast: true).headers["Connection"] == ["close"])
        #expect(HTTPResponse(.notModified).head(at: 0, isLast: false).headers["Content-Length"].isEmpty)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func datesAreOfTheirForm(seconds: Int64, text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }
}
