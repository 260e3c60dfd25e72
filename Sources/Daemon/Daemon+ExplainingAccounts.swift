internal import Accounts
internal import Component
internal import Configuration
internal import XMPP

/// Who makes the accounts of a host, and what it takes to have more done.
extension Daemon {
    func explainModule(_ module: KnownModule?) -> Explanation {
        guard let module else {
            let isConnected = component.report.status == .connected
            return Explanation(
                "module", isConnected ? "none" : "unknown",
                because: isConnected
                    ? "the server has not said that it has one"
                    : "the server tells it when the connection is made")
        }
        let name = "\(module.hello.module) in \(module.hello.server)"
        if !module.isCompatible { return Explanation("module", "\(name): not used", because: module.mismatch) }
        let features = module.hello.features.map(\.rawValue).sorted().joined(separator: ", ")
        let can = features.isEmpty ? "it can do nothing" : "it can do: \(features)"
        return Explanation("module", name, because: ([can] + module.hello.limits).joined(separator: "; "))
    }

    func explainAccounts(
        of configuration: HostConfiguration, _ status: HostStatus, _ origins: Origins
    ) -> Explanation {
        func explanation(_ because: String) -> Explanation {
            Explanation(
                "accounts", status.accounts.provider.rawValue, because: because, origin: origins[.accounts])
        }
        switch status.accounts.provider {
        case .module:
            let missing = ServerModule.Feature.allCases.filter { status.module?.has($0) == false }.map(\.rawValue)
            return explanation(
                missing.isEmpty
                    ? "the module in the server makes them, and does all that follows"
                    : "the module in the server makes them; it lacks: \(missing.joined(separator: ", "))")
        case .commands:
            var lacking = ["nothing of the server's own rules is kept", "no client redeems an invite by itself"]
            if !status.accounts.setsContacts {
                lacking.append("no contacts are made: Prosody can grant `roster = \"both\"` (mod_privilege)")
            }
            if !status.accounts.sendsNotices {
                lacking.append("nobody is told: Prosody can grant `message = \"outgoing\"` (mod_privilege)")
            }
            return explanation(
                "commands for admins make them (XEP-0133), where the server lets the daemon, which `grants "
                    + "\(configuration.host) --probe` asks: \(lacking.joined(separator: "; ")). Our module in the server does all"
            )
        case .none:
            if configuration.accounts == .none {
                return explanation("`accounts` is none: users' invites let nobody register")
            }
            return explanation(
                component.report.status == .connected
                    ? "the server has not said that it has the module; until then no account is made"
                    : "there is no connection to the server")
        }
    }
}
