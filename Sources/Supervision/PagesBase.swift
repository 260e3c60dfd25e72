internal import Configuration
package import Invites
internal import Synchronization
internal import XMPP

/// The URL below which the daemon serves the pages of all hosts' invites, as long as it serves any.
package final class PagesBase: Sendable {
    private let base = Mutex<BaseURL?>(nil)

    package init() {}

    /// `nil` while there are no pages.
    package var url: BaseURL? {
        get { base.withLock { $0 } }
        set { base.withLock { $0 = newValue } }
    }

    /// The page that the daemon itself has for the invites of a host; `nil` where it serves none.
    func landingPage(of configuration: HostConfiguration) -> LandingPage? {
        guard let url else { return nil }
        if let own = configuration.pages.baseURL { return LandingPage(below: own, asciiHost: nil) }
        // What DNS cannot have, no URL can.
        return JID.asciiDomain(configuration.host).map { LandingPage(below: url, asciiHost: $0) }
    }
}
