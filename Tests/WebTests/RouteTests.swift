import Invites
import Testing

@testable import Web

@Suite struct RouteTests {
    private static let token = Token("AAAAAAAAAAAA1")
    private static let table: RouteTable = {
        var hosts = HostBases()
        // Written here to be read.
        hosts.add(try! BaseURL("https://join.own.example/"), of: "own.example")
        hosts.add(try! BaseURL("https://join.own.example/x/"), of: "second.example")
        hosts.add(try! BaseURL("https://path.example/own/"), of: "third.example")
        hosts.add(try! BaseURL("https://invite.example/a.example/"), of: "thief.example")
        return RouteTable(base: try! BaseURL("https://invite.example/"), hosts: hosts)
    }()

    private func route(_ target: String, _ method: HTTPMethod = .get, host: String? = "invite.example") -> Route {
        Self.table.route(method, host: host, target: target)
    }

    private func isBelow(_ name: String, own: Bool = false) -> HostPath { HostPath(name: name, isOwnBase: own) }

    @Test func pathsNameHostAndToken() {
        let token = TokenPath(token: Self.token)
        #expect(route("/a.example/AAAAAAAAAAAA1") == .landing(isBelow("a.example"), token))
        #expect(route("/a.example/AAAAAAAAAAAA1?lang=de") == .landing(isBelow("a.example"), token))
        #expect(route("/a.example/AAAAAAAAAAAA1", .head) == .landing(isBelow("a.example"), token))
        #expect(route("/a.example/AAAAAAAAAAAA1/register", .post) == .registration(isBelow("a.example"), token))
        #expect(route("/a.example/AAAAAAAAAAAA1/register/username", .post) == .username(isBelow("a.example"), token))
        #expect(route("/a.example/AAAAAAAAAAAA1/register/username") == .wrongMethod([.post]))
        #expect(route("/a.example/AAAAAAAAAAAA1/register/other", .post) == .unknown(isBelow("a.example")))
        #expect(route("/a.example/AAAAAAAAAAAA1/reset") == .reset(isBelow("a.example"), token))
        #expect(route("/a.example/AAAAAAAAAAAA1/apps/monal") == .app(isBelow("a.example"), token, id: "monal"))
        #expect(route("/%C3%BC.example/AAAAAAAAAAAA1") == .landing(isBelow("ü.example"), token))
        #expect(route("/a.example/%41AAAAAAAAAAA1") == .landing(isBelow("a.example"), token))
        #expect(route("/a.example/no-token") == .landing(isBelow("a.example"), TokenPath(token: nil)))
        #expect(route("/-/static/x.css") == .staticFile("x.css"))
        #expect(route("https://invite.example/-/static/x.css", host: "evil.example") == .staticFile("x.css"))
    }

    @Test func hostsMayHaveBasesOfTheirOwn() {
        let token = TokenPath(token: Self.token)
        #expect(
            route("/AAAAAAAAAAAA1", host: "join.own.example") == .landing(isBelow("own.example", own: true), token))
        #expect(
            route("/own/AAAAAAAAAAAA1", host: "path.example") == .landing(isBelow("third.example", own: true), token))
        #expect(route("/AAAAAAAAAAAA1", host: "path.example") == .unknown(nil))
        #expect(route("/-/static/x", host: "JOIN.own.example:443") == .staticFile("x"))
        #expect(
            route("/own.example/AAAAAAAAAAAA1", host: "join.own.example") == .unknown(isBelow("own.example", own: true))
        )
    }

    /// Who may set one host's base gets no other host's pages by it.
    @Test func anAuthorityIsOnes() {
        let token = TokenPath(token: Self.token)
        #expect(route("/a.example/AAAAAAAAAAAA1") == .landing(isBelow("a.example"), token))
        #expect(
            route("/x/AAAAAAAAAAAA1", host: "join.own.example") == .unknown(isBelow("own.example", own: true)))
    }

    @Test(arguments: [
        "/", "/-", "/-/x", "/-/static", "/-/static/a/b", "/-x/AAAAAAAAAAAA1", "/a.example",
        "/a.example/AAAAAAAAAAAA1/x", "/a.example/AAAAAAAAAAAA1/apps", "/a.example/AAAAAAAAAAAA1/apps/a/b",
        "/a.example/AAAAAAAAAAAA1/register/x",
    ])
    func thereIsNothingElse(target: String) {
        if case .unknown = route(target) {} else { Issue.record("\(route(target))") }
    }

    @Test(arguments: [
        "//evil.example/x", "/a.example//AAAAAAAAAAAA1", "/../a", "/a/../b", "/a/./b", "/%2e%2e/a", "/a%2fb/c",
        "/a%5cb",
        "/%", "/%4", "/%zz", "/%ff", "/%00", "/a%0a", "*", "a.example:443", "ftp://invite.example/",
    ])
    func pathsThatCanBeReadTwiceAreNone(target: String) {
        #expect(route(target) == .malformed)
    }

    @Test func othersServersAreNotThis() {
        #expect(route("/", host: "other.example") == .misdirected)
        #expect(route("/", host: nil) == .misdirected)
        #expect(route("http://other.example/", host: "invite.example") == .misdirected)
        #expect(route("/", host: "invite.example:8443") == .misdirected)
        #expect(route("/", host: "invite.example:443") == .unknown(nil))
    }

    @Test func aSlashAtTheEndIsTooMuch() {
        #expect(route("/a.example/AAAAAAAAAAAA1/?lang=de") == .redirect("/a.example/AAAAAAAAAAAA1?lang=de"))
        #expect(route("/a.example/AAAAAAAAAAAA1/", .post) == .wrongMethod([.get, .head]))
    }

    @Test func methodsAreOnlyForWhatTheyAreFor() {
        #expect(route("/a.example/AAAAAAAAAAAA1", .post) == .wrongMethod([.get, .head]))
        #expect(route("/a.example/AAAAAAAAAAAA1/reset", .put) == .wrongMethod([.get, .head, .post]))
        #expect(route("/-/static/x", .trace) == .wrongMethod([.get, .head]))
    }
}
