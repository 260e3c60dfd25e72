internal import Supervision

/// One thing about a host, and why it is so.
package struct Explanation: Hashable, Sendable {
    /// What is explained.
    package var subject: String
    /// The state or permission.
    package var verdict: String
    /// Why, in words.
    package var because: String
    /// Where that comes from, such as `config.d/example.com.yaml:7:3`.
    package var origin: String?

    init(_ subject: String, _ verdict: String, because: String, origin: String? = nil) {
        self.subject = subject
        self.verdict = verdict
        self.because = because
        self.origin = origin
    }
}
