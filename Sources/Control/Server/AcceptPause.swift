internal import NIOCore

/// Takes no connections for a while after one could not be taken, such as when too many files are open. Otherwise the
/// kernel would offer it again at once, and for ever.
///
/// NIO's `AcceptBackoffHandler` delays the next read only; the one that failed stays pending, and the event loop spins.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = Channel

    private let failed: (IOError) -> Void
    private var timer: Scheduled<Void>?

    static let length = TimeAmount.seconds(1)

    /// - Parameter failed: Called with the reason why a connection could not be taken, on the event loop.
    init(failed: @escaping (IOError) -> Void) {
        self.failed = failed
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        failed(error)
        guard timer == nil else { return }
        let options = context.channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) {
            self.timer = nil
            try? options?.setOption(.autoRead, value: true)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }
}
