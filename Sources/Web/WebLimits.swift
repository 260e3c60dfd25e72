internal import Invites
internal import Runtime

/// Limits on the rates of requests. Addresses of IPv6 count by /64.
final class WebLimits: Sendable {
    /// Unknown tokens, of an address.
    let unknownTokens = RateLimiter<IPAddress?>(most: 30)
    /// Forms that an address posts.
    let posts = RateLimiter<IPAddress?>(most: 10)
    /// Forms that are posted with a token.
    private let tokenPosts = RateLimiter<Token>(most: 5)
    /// Names that an address checks while they are typed. Forms that are sent reveal the same, 5 a minute or more where
    /// a link has many uses; but each with a free name makes an account, and these do not, so they are fewer.
    let usernames = RateLimiter<IPAddress?>(most: 60, milliseconds: 3_600_000)
    /// The same with a token.
    let tokenUsernames = RateLimiter<Token>(most: 60, milliseconds: 3_600_000)

    /// More than a class needs whose members all use one link; what the server can handle is limited elsewhere.
    private static let mostTokenPosts = 200

    /// Counts a form that is posted with a token, unless there are too many. Of a link with many uses, many people may post theirs
    /// at once, each perhaps with a mistake or two: 5 a minute, and 2 more for each further use that is left.
    ///
    /// - Returns: As ``RateLimiter/take(_:at:atMost:)``.
    func takePost(with invite: Invite, at uptime: Int64) -> Int? {
        let left = max(invite.uses.total - invite.uses.confirmed, 1)
        let most = left > Self.mostTokenPosts ? Self.mostTokenPosts : min(5 + 2 * (left - 1), Self.mostTokenPosts)
        return tokenPosts.take(invite.token, at: uptime, atMost: most)
    }
}
