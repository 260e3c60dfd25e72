internal import Crypto
internal import Foundation
internal import Invites
package import Runtime

/// Signs forms, so that only a form of this daemon, for the token that it was made for, is accepted.
package struct SealKey: Sendable {
    private let key: SymmetricKey

    package init(_ bytes: [UInt8]) {
        key = SymmetricKey(data: bytes)
    }

    static let fileName = "web.key"
    static let length = 32

    /// The key in a directory; made, for its owner only, where there is none or no whole one. It outlives restarts, so that
    /// forms do.
    ///
    /// - Throws: ``Runtime/FileError``. It may wait for the disk.
    package static func load(from directory: String, using entropy: inout Entropy) throws(FileError) -> SealKey {
        let path = "\(directory)/\(fileName)"
        if let bytes = try? DurableFile.read(path, limit: length, isWhole: true), bytes.count == length {
            return SealKey(bytes)
        }
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &entropy) }
        try DurableFile.write(bytes, to: fileName, in: directory)
        return SealKey(bytes)
    }

    /// The field of a form.
    func seal(_ attempt: WebAttempt, host: String, token: Token) -> String {
        let milliseconds = String(attempt.checkedAt.millisecondsSinceEpoch, radix: 16)
        let mac = code(attempt.name, milliseconds, host, token)
        return "\(milliseconds).\(attempt.name).\(Data(mac).base64EncodedString())"
    }

    /// The attempt that a field was signed for; `nil` for one that was not signed for this.
    func attempt(in seal: String, host: String, token: Token) -> WebAttempt? {
        let parts = seal.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard seal.utf8.count <= 200, parts.count == 3, let milliseconds = Int64(parts[0], radix: 16),
            let mac = Data(base64Encoded: parts[2]),
            HMAC<SHA256>.isValidAuthenticationCode(
                mac, authenticating: Self.message(parts[1], parts[0], host, token), using: key)
        else { return nil }
        return WebAttempt(name: parts[1], checkedAt: Timestamp(millisecondsSinceEpoch: milliseconds))
    }

    private func code(_ name: String, _ time: String, _ host: String, _ token: Token) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Self.message(name, time, host, token), using: key)
    }

    /// None of the parts has a NUL, so that no two lists of them are one message.
    private static func message(_ name: String, _ time: String, _ host: String, _ token: Token) -> Data {
        Data("invited form 1\0\(host)\0\(token.text)\0\(time)\0\(name)".utf8)
    }
}

extension WebAttempt {
    /// How long a form may be open: as long as a check holds.
    static let milliseconds = Reservation.checkMilliseconds

    /// Another one.
    static func random(at now: Timestamp, using entropy: inout Entropy) -> WebAttempt {
        let words = [entropy.next(), entropy.next()]
        return WebAttempt(name: "form:" + words.map { String($0, radix: 36) }.joined(separator: "-"), checkedAt: now)
    }

    func isFresh(at now: Timestamp) -> Bool {
        let (age, overflow) = now.millisecondsSinceEpoch.subtractingReportingOverflow(checkedAt.millisecondsSinceEpoch)
        return !overflow && (0..<Self.milliseconds).contains(age)
    }
}
