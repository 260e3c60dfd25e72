import Access
import Shell
import Testing

@Suite struct CallerHostsTests {
    private struct Hosts: HostDirectoryView {
        let hostNames = ["a.example", "b.example", "c.example"]
        func hasHost(_ host: String) -> Bool { hostNames.contains(host) }
    }

    private let caller = Caller(
        uid: 1000, pid: 1, user: "ann",
        access: AccessRights(.operator, on: .some(["a.example"])).union(AccessRights(.viewer, on: .some(["b.example"])))
    )

    private func denial(_ address: String, _ role: Role) -> AccessDenial? {
        do throws(AccessDenial) {
            _ = try caller.host(address, as: role, among: Hosts())
            return nil
        } catch {
            return error
        }
    }

    @Test func anAddressIsPreparedBeforeItIsLookedUp() throws {
        #expect(try caller.host("A.Example", as: .operator, among: Hosts()) == "a.example")
    }

    @Test func aHostOutOfScopeIsAsUnknownAsOneThatIsNot() {
        for address in ["c.example", "d.example", "ann@a.example", "", "a example"] {
            #expect(denial(address, .viewer) == .unknownHost, "\(address)")
        }
    }

    @Test func aRoleOnOneHostIsNoneOnAnother() {
        #expect(denial("b.example", .viewer) == nil)
        #expect(denial("b.example", .operator) == .needsRole(.operator, host: "b.example"))
        #expect(denial("a.example", .admin) == .needsRole(.admin, host: "a.example"))
    }

    @Test func aRoleOnEachHostIsNotOneOnAll() {
        #expect(!AccessRights(.admin, on: .some(Set(Hosts().hostNames))).areOnAllHosts(as: .viewer))
        #expect(!AccessRights(.viewer, on: .all).areOnAllHosts(as: .operator))
        #expect(AccessRights(.operator, on: .all).areOnAllHosts(as: .viewer))
    }
}
