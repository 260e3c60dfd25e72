import NIOCore

/// The bytes of what a server's module asks: docs/server-module.md.
enum ModuleRequest {
    static let helloPrefix = UInt8(ascii: "y")
    static let checkPrefix = UInt8(ascii: "k")

    private static let namespace = "urn:invited:server-module:1"

    /// Writes a hello for a host, as `mod_invited` sends it. The id is `y` and the number.
    static func writeHello(_ number: Int, of host: String, into buffer: inout ByteBuffer) {
        buffer.writeString(
            """
            <iq type='set' id='y\(number)' from='\(host)' to='\(CommandRequest.component)'>\
            <hello xmlns='\(namespace)' version='1' module='mod_invited 1.0' server='Prosody 0.12.3'>\
            <feature name='register'/><feature name='commands'/><feature name='subscribe'/><feature name='accounts'/>\
            <feature name='contacts'/><feature name='notices'/><feature name='guard'/>\
            <rules registration='open' encryption='required'/></hello></iq>
            """)
    }

    /// Asks about a token that does not exist. The id is `k` and the number.
    static func writeCheck(_ number: Int, of host: String, into buffer: inout ByteBuffer) {
        buffer.writeString(
            """
            <iq type='get' id='k\(number)' from='\(host)' to='\(CommandRequest.component)'>\
            <check xmlns='\(namespace)' token='\(badToken(number))' attempt='\(digits(number, width: 24))'/></iq>
            """)
    }

    /// As long as the daemon's own.
    static func badToken(_ number: Int) -> String { "bad" + digits(number, width: 21) }

    private static func digits(_ number: Int, width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
