package import NIOCore

/// Accepts no more connections while as many as allowed are open. Those beyond wait in the kernel, where they cost the
/// daemon no file; so a flood of them takes none that others need, however short-lived each is.
package final class AcceptGate: ChannelDuplexHandler {
    package typealias InboundIn = Channel
    package typealias InboundOut = Channel
    package typealias OutboundIn = Never

    private let mostOpen: Int
    private var open = 0
    private var isReadWanted = false

    /// - Parameter mostOpen: How many may be open. The channel must take one at a time: NIO asks only before the first.
    package init(mostOpen: Int) {
        self.mostOpen = mostOpen
    }

    package func read(context: ChannelHandlerContext) {
        if open < mostOpen { context.read() } else { isReadWanted = true }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in
            self.open -= 1
            guard self.isReadWanted else { return }
            self.isReadWanted = false
            context.read()
        }
        context.fireChannelRead(data)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        isReadWanted = false
        context.fireChannelInactive()
    }
}
