internal import Configuration
package import Invites
internal import Logging
internal import Runtime
internal import Supervision
package import YAML

extension ActiveConfiguration {
    /// The outcome of a reload.
    package enum ReloadOutcome: Hashable, Sendable {
        case applied(added: Int, removed: Int, changed: Int, unchanged: Int)
        /// Nothing has changed, because of these mistakes.
        case refused([Diagnostic])
        /// Nothing has changed, since a change waits to be confirmed.
        case pending(until: Timestamp)
        /// Nothing has changed, for another reason.
        case failed(String)
    }

    /// Applies the files, as an operator who sends SIGHUP wants.
    ///
    /// Reloads that are requested at the same time run one after the other, so that the latest reading of the files is
    /// the one in force.
    package func reload() async -> ReloadOutcome {
        do throws(ConfigurationRefusal) {
            let applied = try await apply(expecting: nil, by: "SIGHUP", cause: .signal)
            return .applied(
                added: applied.added, removed: applied.removed, changed: applied.changed, unchanged: applied.unchanged)
        } catch {
            return refuse(error)
        }
    }

    private func refuse(_ refusal: ConfigurationRefusal) -> ReloadOutcome {
        let outcome: ReloadOutcome
        let reasons: [String]
        switch refusal {
        case .invalid(let mistakes):
            (outcome, reasons) = (.refused(mistakes), mistakes.map(\.description))
        case .pending(let deadline):
            (outcome, reasons) = (.pending(until: deadline), ["a change waits to be confirmed"])
        case .conflicting(let mistakes):
            (outcome, reasons) = (.failed(mistakes.joined(separator: "; ")), mistakes)
        case .io(let reason):
            (outcome, reasons) = (.failed(reason), [reason])
        case .unknownHost, .badValue, .stale, .nothing:
            (outcome, reasons) = (.failed("\(refusal)"), ["\(refusal)"])
        }
        for reason in reasons {
            dependencies.logger.error("configuration mistake", metadata: ["reason": "\(reason)"])
        }
        dependencies.logger.error("configuration refused", metadata: ["mistakes": "\(reasons.count)"])
        tell(.signal, "refused the files: \(reasons.first ?? "")", [], isDone: false)
        return outcome
    }
}
