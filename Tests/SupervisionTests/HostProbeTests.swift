import Testing
import XMPP

@testable import Accounts
@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite struct HostProbeTests {
    private func answer(status: String, _ children: [Element]) -> Result<Element?, RequestError> {
        .success(
            Element(
                "command", namespace: Namespaces.commands,
                attributes: ["node": Namespaces.addUserCommand, "status": status], children: children))
    }

    @Test func onlyAFormMeansYes() {
        let form = DataForm(.form).element
        let note = Element("note", namespace: Namespaces.commands, attributes: ["type": "error"], text: "not you")
        func finding(_ answer: Result<Element?, RequestError>, isDelegated: Bool = false) -> HostProbe.Finding {
            let grants = HostGrants(delegated: isDelegated ? [Namespaces.commands] : [])
            return HostProbe.Finding(addUser: answer, grants: grants, hasAdmin: true)
        }
        #expect(finding(answer(status: "executing", [form])) == .yes)
        #expect(finding(answer(status: "completed", [note, form])) == .no("not you"))
        #expect(finding(answer(status: "completed", [])) == .unknown("the server answered without a form"))
        #expect(finding(.success(nil)) == .unknown("the server answered without a form"))
        let missing = RequestError.refused(StanzaError(.itemNotFound))
        #expect(finding(.failure(missing)) == .no("item-not-found"))
        #expect(finding(.failure(missing), isDelegated: true).description.contains("delegates"))
        for condition in StanzaError.Condition.allCases {
            let finding = finding(.failure(.refused(StanzaError(condition, text: "why"))))
            #expect(finding == .no("\(condition.rawValue): why"))
        }
    }

    @Test func silenceSaysWhatIsMissing() {
        func text(_ grants: HostGrants, hasAdmin: Bool) -> String {
            HostProbe.Finding(addUser: .failure(.timeout), grants: grants, hasAdmin: hasAdmin).description
        }
        var granting = HostGrants()
        let version = "urn:xmpp:privilege:2"
        let namespace = Element(
            "namespace", namespace: version, attributes: ["ns": Namespaces.commands, "type": "set"])
        let iq = Element("perm", namespace: version, attributes: ["access": "iq"], children: [namespace])
        granting.privilege = PrivilegeGrant(Element("privilege", namespace: version, children: [iq]))
        #expect(text(HostGrants(), hasAdmin: true).contains("`mod_privilege`"))
        #expect(text(granting, hasAdmin: false).contains("make a user of the host one of `admins`"))
        #expect(text(granting, hasAdmin: true) == "unknown: the server does not answer")
    }

    @Test func commandsComeHereWhenTheServerSaidSo() {
        var grants = HostGrants()
        #expect(HostProbe.Finding(commands: grants, asked: .success(nil)).description.hasPrefix("no: "))
        #expect(HostProbe.Finding(commands: grants, asked: .failure(.timeout)).description.hasPrefix("unknown: "))
        grants.delegated = [Namespaces.commands]
        #expect(HostProbe.Finding(commands: grants, asked: .failure(.timeout)) == .yes)
        let elsewhere = RequestError.refused(StanzaError(.remoteServerNotFound))
        #expect(HostProbe.Finding(commands: grants, asked: .failure(elsewhere)).description.hasPrefix("no: "))
    }
}
