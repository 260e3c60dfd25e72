import NIOCore
import NIOHTTP1
import NIOPosix

/// A connection to a server of HTTP/1.1 on loopback, with one request at a time.
struct HTTPExchange: Sendable {
    struct Request: Sendable {
        var method = HTTPMethod.GET
        var path: String
        var fields: [(name: String, value: String)]
        var body = ""
    }

    struct Response: Sendable {
        var status: Int
        var fields: [(name: String, value: String)]
        var body: ByteBuffer

        var text: String { String(buffer: body) }

        /// The value of the first field of a name in lower case.
        subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
    }

    private let channel: any Channel

    static func connect(
        to port: Int, on loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    ) async throws -> HTTPExchange {
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(HTTPExchangeHandler())
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return HTTPExchange(channel: channel)
    }

    /// Asks, and waits for the answer, up to a minute.
    func ask(_ request: Request) async throws -> Response {
        let promise = channel.eventLoop.makePromise(of: Response.self)
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(60)) {
            promise.fail(BenchError("no answer to \(request.path) within a minute"))
        }
        defer { timeout.cancel() }
        send(request, promise)
        return try await promise.futureResult.get()
    }

    /// Sends a request, once the answer to the previous one has arrived.
    func send(_ request: Request, _ answer: EventLoopPromise<Response>) {
        channel.triggerUserOutboundEvent(HTTPExchangeHandler.Order(request: request, answer: answer), promise: nil)
    }

    func close() async {
        try? await channel.close()
    }

    /// One request on a connection of its own.
    static func ask(_ request: Request, at port: Int) async throws -> Response {
        let exchange = try await connect(to: port)
        return try await finally(exchange.close) { try await exchange.ask(request) }
    }
}

private final class HTTPExchangeHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPClientRequestPart

    struct Order: Sendable {
        var request: HTTPExchange.Request
        var answer: EventLoopPromise<HTTPExchange.Response>
    }

    private var answer: EventLoopPromise<HTTPExchange.Response>?
    private var response: HTTPExchange.Response?

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        promise?.succeed()
        guard let order = event as? Order else { return }
        guard answer == nil, context.channel.isActive else {
            return order.answer.fail(BenchError("the server has closed the connection"))
        }
        answer = order.answer
        let request = order.request
        var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
        head.headers = HTTPHeaders(request.fields.map { ($0.name, $0.value) })
        if request.method == .POST { head.headers.add(name: "Content-Length", value: "\(request.body.utf8.count)") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: request.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            response = HTTPExchange.Response(
                status: Int(head.status.code), fields: head.headers.map { ($0.name, $0.value) }, body: ByteBuffer())
        case .body(var bytes): response?.body.writeBuffer(&bytes)
        case .end:
            guard let response else { return }
            self.response = nil
            end(.success(response))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(BenchError("the server closed a connection instead of answering")))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failure(error))
        context.close(promise: nil)
    }

    private func end(_ result: Result<HTTPExchange.Response, any Error>) {
        let promise = answer
        answer = nil
        promise?.completeWith(result)
    }
}
