internal import Runtime
internal import Synchronization

/// Notices proxies that `trusted_proxies` lacks: behind one, all visitors share its address, and with it the limits of one
/// visitor.
final class UntrustedProxies: Sendable {
    /// Where a proxy of the provider's own is likely to be. Anybody else can send the fields of proxies as well.
    private static let near = [
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1", "fc00::/7", "fe80::/10",
    ].compactMap { IPRange($0) }

    /// How many are kept.
    private static let most = 16

    private let known = Mutex<Set<IPAddress>>([])

    /// - Returns: The peer's address, the first time that a peer of a network near by says who asked and is not believed.
    func notice(_ request: HTTPRequest, from peer: HTTPPeer, _ proxies: TrustedProxies) -> IPAddress? {
        guard case .address(let address) = peer, !proxies.contains(address),
            request.fields.contains(where: { $0.name == "x-forwarded-for" || $0.name == "forwarded" }),
            Self.near.contains(where: { $0.contains(address) })
        else { return nil }
        return known.withLock { known in
            known.count < Self.most && known.insert(address).inserted ? address : nil
        }
    }
}
