internal import Invites
internal import Runtime

/// How often what is asked. Addresses of IPv6 count by /64.
final class WebLimits: Sendable {
    /// Tokens that are none, of an address.
    let unknownTokens = RateLimiter<IPAddress?>(most: 30)
    /// Forms that an address posts.
    let posts = RateLimiter<IPAddress?>(most: 10)
    /// Forms that are posted with a token.
    let tokenPosts = RateLimiter<Token>(most: 5)
}
