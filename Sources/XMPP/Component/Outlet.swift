internal import NIOCore
internal import Synchronization

/// The output of the connection: stanzas from any thread are gathered here and written by the event loop in one go.
///
/// White space follows where a server could otherwise leave the last tags unread until more arrives. Expat defers a tag
/// that arrives in pieces, Prosody reads 8 KiB at a time, and the length of an id, which the answer repeats, is the
/// user's choice: one request with a long one would delay the answers to all users. Between stanzas white space means
/// nothing (RFC 6120 §4.6.1).
package final class Outlet: Sendable {
    private struct State: Sendable {
        var channel: (any Channel)?
        var pending = ByteBuffer()
        /// How long what is pending has to be for the server to read all of it: ``XMLWriter/settledLength``.
        var settledLength = 0
        var isFlushScheduled = false
        var dropped = 0

        mutating func clear() {
            pending = ByteBuffer()
            settledLength = 0
        }
    }

    private let state = Mutex(State())
    /// Where the stanzas of the stream can be watched.
    package let tap = StanzaTap()

    package init() {}

    /// Sends whole stanzas, in the order of the calls. Without a connection they are dropped and counted: an answer
    /// has no meaning to a server that lost the question.
    ///
    /// - Returns: Whether there is a connection.
    @discardableResult
    func send(_ stanzas: XMLWriter) -> Bool {
        let bytes = stanzas.buffer
        guard bytes.readableBytes > 0 else { return false }
        var isConnected = true
        let channel = state.withLock { state -> (any Channel)? in
            guard let channel = state.channel else {
                state.dropped += 1
                isConnected = false
                return nil
            }
            let length = state.pending.readableBytes
            state.settledLength = max(state.settledLength, length + stanzas.settledLength)
            if length == 0 {
                state.pending = bytes
            } else {
                state.pending.writeImmutableBuffer(bytes)
            }
            if state.isFlushScheduled { return nil }
            state.isFlushScheduled = true
            return channel
        }
        if let channel { channel.eventLoop.execute { self.flush(channel) } }
        return isConnected
    }

    /// Sends one IQ.
    ///
    /// - Parameter host: The host that it is about, where its addresses do not show it.
    /// - Returns: Whether there is a connection.
    @discardableResult package func send(_ iq: IQ, of host: String? = nil) -> Bool {
        var writer = XMLWriter()
        writer.write(iq.element())
        guard send(writer) else { return false }
        tap.sent(iq, of: host)
        return true
    }

    /// Sends one message.
    ///
    /// - Returns: Whether there is a connection.
    @discardableResult package func send(_ message: Message) -> Bool {
        var writer = XMLWriter()
        writer.write(message.element())
        return send(writer)
    }

    /// Sends the answers of one host in one go.
    package func send(_ answers: Answers) {
        if send(answers.writer) {
            for show in answers.showings { show() }
        }
    }

    /// Answers of one host that are written, to be sent together.
    package struct Answers: Sendable {
        fileprivate var writer = XMLWriter()
        /// Closures that show those to the watchers that want them.
        fileprivate var showings: [@Sendable () -> Void] = []
        private let tap: StanzaTap
        private let host: String

        package init(of host: String, for outlet: Outlet) {
            self.host = host
            tap = outlet.tap
        }

        package mutating func write(_ iq: IQ) {
            writer.write(iq.element())
            if tap.isWatched { showings += tap.showings(of: iq, of: host) }
        }
    }

    /// How many sends found no connection.
    package var dropped: Int { state.withLock { $0.dropped } }

    func attach(_ channel: any Channel) {
        state.withLock { state in
            state.channel = channel
            state.clear()
            state.isFlushScheduled = false
        }
    }

    /// Writes what is gathered, now. On the channel's event loop.
    func flush(_ channel: any Channel) {
        let bytes = state.withLock { state -> ByteBuffer in
            // A flush that was scheduled for an earlier connection finds another one here.
            guard state.channel === channel else { return ByteBuffer() }
            state.isFlushScheduled = false
            defer { state.clear() }
            let missing = state.settledLength - state.pending.readableBytes
            if missing > 0 { state.pending.writeRepeatingByte(UInt8(ascii: " "), count: missing) }
            return state.pending
        }
        if bytes.readableBytes > 0 { channel.writeAndFlush(bytes, promise: nil) }
    }

    func detach() {
        state.withLock { state in
            state.channel = nil
            state.clear()
        }
    }
}
