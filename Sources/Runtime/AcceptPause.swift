package import NIOCore

/// Takes no connections for a while after one could not be taken, or when it would take a file that others need.
/// Otherwise the kernel would offer it again at once, and for ever.
///
/// NIO's `AcceptBackoffHandler` delays the next read only; the one that failed stays pending, and the event loop spins.
package final class AcceptPause: ChannelDuplexHandler {
    package typealias InboundIn = Channel
    package typealias OutboundIn = Never

    private let hasRoom: () -> Bool
    private let failed: (IOError?) -> Void
    private var timer: Scheduled<Void>?

    static let length = TimeAmount.seconds(1)

    /// - Parameters:
    ///   - hasRoom: Whether one more can be taken.
    ///   - failed: Called when a connection could not be taken, with the reason unless there was no room, on the event
    ///     loop.
    package init(hasRoom: @escaping () -> Bool, failed: @escaping (IOError?) -> Void) {
        self.hasRoom = hasRoom
        self.failed = failed
    }

    package func read(context: ChannelHandlerContext) {
        if hasRoom() { return context.read() }
        failed(nil)
        pause(context) { self.read(context: context) }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        failed(error)
        let options = context.channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        pause(context) { try? options?.setOption(.autoRead, value: true) }
    }

    private func pause(_ context: ChannelHandlerContext, then resume: @escaping () -> Void) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) {
            self.timer = nil
            resume()
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }
}
