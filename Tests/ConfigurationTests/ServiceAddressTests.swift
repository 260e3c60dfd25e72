import TestSupport
import Testing
import YAML

@testable import Configuration

/// A service address belongs to one host, and no host can take another's.
@Suite struct ServiceAddressTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.writeDaemonFile()
    }

    /// Loads hosts with the given service addresses, and returns which are refused and why.
    private func refusals(_ addresses: KeyValuePairs<String, String>) throws -> [String] {
        for (host, address) in addresses {
            try directory.write("service_address: \(address)\n", to: "config.d/\(host).yaml")
        }
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(loaded.isConsistent)
        #expect(loaded.hosts.count + loaded.refused.count >= addresses.count)
        let claims = loaded.hosts.values.compactMap(\.serviceAddress)
        #expect(Set(claims).count == claims.count)
        return directory.text(loaded.diagnostics).map { $0.replacing("config.d/", with: "") }
    }

    @Test func differentAddressesAreFine() throws {
        #expect(try refusals(["a.example": "invites.a.example", "b.example": "invites.b.example"]) == [])
    }

    @Test func theFirstFileKeepsAnAddress() throws {
        #expect(
            try refusals(["b.example": "invites.example", "a.example": "invites.example"]) == [
                "b.example.yaml:1:18: `invites.example` is already the service address of `a.example`, "
                    + "set at a.example.yaml:1:18"
            ])
    }

    @Test func anAddressIsOneInEitherForm() throws {
        #expect(
            try refusals([
                "a.example": "i.bücher.example", "b.example": "i.xn--bcher-kva.example",
                "c.example": "käse.example", "xn--kse-qla.example": "i.xn--kse-qla.example",
                "bücher.example": "xn--bcher-kva.example",
            ]) == [
                "b.example.yaml:1:18: `i.xn--bcher-kva.example` is already the service address of `a.example`, "
                    + "set at a.example.yaml:1:18",
                "bücher.example.yaml:1:18: `xn--bcher-kva.example` is the host itself; "
                    + "a service address is a domain of its own",
                "c.example.yaml:1:18: `käse.example` is a host of its own, in xn--kse-qla.example.yaml:1:1",
            ])
    }

    @Test func theParentKeepsAnAddress() throws {
        #expect(
            try refusals(["a.example": "invites.b.example", "b.example": "Invites.B.Example"]) == [
                "a.example.yaml:1:18: `invites.b.example` is already the service address of `b.example`, "
                    + "set at b.example.yaml:1:18"
            ])
    }

    @Test func theClosestParentKeepsAnAddress() throws {
        #expect(
            try refusals([
                "a.example": "x.y.c.example", "c.example": "x.y.c.example", "y.c.example": "x.y.c.example",
            ]) == [
                "a.example.yaml:1:18: `x.y.c.example` is already the service address of `y.c.example`, "
                    + "set at y.c.example.yaml:1:18",
                "c.example.yaml:1:18: `x.y.c.example` is already the service address of `y.c.example`, "
                    + "set at y.c.example.yaml:1:18",
            ])
    }

    @Test func aNameThatOnlyEndsAlikeIsNoParent() throws {
        #expect(
            try refusals(["a.example": "invites.bb.example", "b.example": "invites.bb.example"]) == [
                "b.example.yaml:1:18: `invites.bb.example` is already the service address of `a.example`, "
                    + "set at a.example.yaml:1:18"
            ])
    }

    @Test func aHostIsNoServiceAddress() throws {
        #expect(
            try refusals(["a.example": "b.example", "b.example": "invites.b.example"]) == [
                "a.example.yaml:1:18: `b.example` is a host of its own, in b.example.yaml:1:1"
            ])
    }

    @Test func theComponentIsNoServiceAddress() throws {
        #expect(
            try refusals(["a.example": "invites.host.example"]) == [
                "a.example.yaml:1:18: `invites.host.example` is the component's own address, set at invited.yaml:1:18"
            ])
    }

    @Test func aSlipDoesNotGiveAnAddressAway() throws {
        try directory.write("service_address: invites.b.example\nadmin: []\n", to: "config.d/b.example.yaml")
        let texts = try refusals(["a.example": "invites.b.example"])
        #expect(texts.count == 2)
        #expect(texts.first?.hasPrefix("a.example.yaml:1:18: `invites.b.example` is already") == true)
    }
}
