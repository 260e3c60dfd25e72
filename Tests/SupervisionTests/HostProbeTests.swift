import Testing
import XMPP

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
            HostProbe.Finding(addUser: answer, isDelegated: isDelegated)
        }
        #expect(finding(answer(status: "executing", [form])) == .yes)
        #expect(finding(answer(status: "completed", [note, form])) == .no("not you"))
        #expect(finding(answer(status: "completed", [])) == .unknown("the server answered without a form"))
        #expect(finding(.success(nil)) == .unknown("the server answered without a form"))
        #expect(finding(.failure(.timeout)) == .unknown("the server does not answer"))
        let missing = RequestError.refused(StanzaError(.itemNotFound))
        #expect(finding(.failure(missing)) == .no("item-not-found"))
        #expect(finding(.failure(missing), isDelegated: true).description.contains("delegates"))
        for condition in StanzaError.Condition.allCases {
            let finding = finding(.failure(.refused(StanzaError(condition, text: "why"))))
            #expect(finding == .no("\(condition.rawValue): why"))
        }
    }

    @Test func commandsComeHereWhenTheServerSaidSo() {
        var grants = HostGrants()
        #expect(HostProbe.Finding(commands: grants, listed: .success(nil)).description.hasPrefix("no: "))
        #expect(HostProbe.Finding(commands: grants, listed: .failure(.timeout)).description.hasPrefix("unknown: "))
        grants.delegated = [Namespaces.commands]
        #expect(HostProbe.Finding(commands: grants, listed: .failure(.timeout)) == .yes)
        let elsewhere = RequestError.refused(StanzaError(.remoteServerNotFound))
        #expect(HostProbe.Finding(commands: grants, listed: .failure(elsewhere)).description.hasPrefix("no: "))
    }
}
