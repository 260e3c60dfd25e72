import CLibMD
import Foundation

/// The handshake of XEP-0114 §3: lower-case hexadecimal SHA-1 of the stream's id followed by the secret.
enum ComponentHandshake {
    static func digest(streamID: String, secret: String) -> String {
        let input = Array((streamID + secret).utf8)
        var context = SHA1_CTX()
        SHA1Init(&context)
        SHA1Update(&context, input, input.count)
        var digest = [UInt8](repeating: 0, count: Int(SHA1_DIGEST_LENGTH))
        SHA1Final(&digest, &context)
        return digest.map { String(format: "%02x", $0) }.joined()
    }
}
