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
    /// Names of which an address asks whether they are taken, while they are typed. Forms that are sent tell the same of 300 an hour;
    /// these cost no account, and so are fewer, and no way to find out who has one.
    let usernames = RateLimiter<IPAddress?>(most: 60, milliseconds: 3_600_000)
    /// The same with a token.
    let tokenUsernames = RateLimiter<Token>(most: 60, milliseconds: 3_600_000)
}
