internal import CLibIDN
internal import Glibc

extension JID {
    /// A prepared domain with each label in Unicode, also one that is written as `xn--…` (ToUnicode, RFC 3490 §4.2).
    ///
    /// Both are one domain to DNS, to certificates and to XMPP servers, in whichever form it was written.
    package static func unicodeDomain(_ domain: String) -> String {
        guard hasASCIICompatibleLabel(domain) else { return domain }
        var output: UnsafeMutablePointer<CChar>?
        defer { free(output) }
        // As Nameprep here: characters newer than Unicode 3.2 are allowed.
        let flags = CInt(IDNA_ALLOW_UNASSIGNED.rawValue)
        let success = CInt(IDNA_SUCCESS.rawValue)
        guard idna_to_unicode_8z8z(domain, &output, flags) == success, let output else { return domain }
        return String(cString: output)
    }

    /// A prepared domain with each label as DNS has it, `xn--…` where it is not in ASCII (ToASCII, RFC 3490 §4.1); `nil`
    /// for one that cannot be written so.
    package static func asciiDomain(_ domain: String) -> String? {
        if domain.utf8.allSatisfy({ $0 < 0x80 }) { return domain }
        var output: UnsafeMutablePointer<CChar>?
        defer { free(output) }
        let flags = CInt(IDNA_ALLOW_UNASSIGNED.rawValue)
        let success = CInt(IDNA_SUCCESS.rawValue)
        guard idna_to_ascii_8z(domain, &output, flags) == success, let output else { return nil }
        return String(cString: output)
    }

    private static func hasASCIICompatibleLabel(_ domain: String) -> Bool {
        let prefix = "xn--".utf8
        var rest = domain.utf8[...]
        while true {
            if rest.starts(with: prefix) { return true }
            guard let dot = rest.firstIndex(of: UInt8(ascii: ".")) else { return false }
            rest = rest[rest.index(after: dot)...]
        }
    }
}
