import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Invites
@testable import Web

/// The bytes of a connection for pages, up to the route that a request is for.
struct HTTPTarget: FuzzTarget {
    static let name = "http"
    static let holds = "requests are the same in whatever pieces they come, and what a target names is read in one way"
    static let flags = ["-max_len=32768"]

    private static let table: RouteTable? = {
        guard let base = try? BaseURL("https://invite.example/i/"), let own = try? BaseURL("https://join.example/")
        else {
            return nil
        }
        var hosts = HostBases()
        hosts.add(own, of: "own.example")
        return RouteTable(base: base, hosts: hosts)
    }()

    func run(_ input: UnsafeRawBufferPointer) {
        guard let size = input.first else { return }
        let bytes = Array(input.dropFirst())
        let whole = steps(bytes, inPiecesOf: bytes.count + 1)
        let pieces = steps(bytes, inPiecesOf: Int(size) + 1)
        expect(whole.requests == pieces.requests, "\(whole.requests) in pieces are \(pieces.requests)")
        for request in whole.requests { check(request) }
        if let form = FormBody(bytes) { expect(!"\(form)".contains("="), "a form prints \(form)") }
    }

    private func steps(
        _ bytes: [UInt8], inPiecesOf size: Int
    ) -> (requests: [HTTPRequest], failure: HTTPStatus?) {
        let assembly = HTTPRequestAssembly()
        let reader = Reader(assembly)
        let channel = EmbeddedChannel()
        let decoder = HTTPRequestDecoder(limitConfiguration: assembly.parserLimits)
        do {
            try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(decoder), reader])
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        } catch {
            expect(false, "no channel: \(error)")
        }
        var rest = bytes[...]
        while !rest.isEmpty, reader.failure == nil {
            channel.pipeline.fireChannelRead(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let read = (reader.requests, reader.failure)
        _ = try? channel.finish(acceptAlreadyClosed: true)
        if let status = read.1 { expect((400...599).contains(status.rawValue), "a failure is \(status)") }
        return read
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private var assembly: HTTPRequestAssembly
        private(set) var requests: [HTTPRequest] = []
        private(set) var failure: HTTPStatus?

        init(_ assembly: HTTPRequestAssembly) { self.assembly = assembly }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if failure != nil { return }
            switch assembly.add(unwrapInboundIn(data)) {
            case .request(let request): requests.append(request)
            case .failure(let status): failure = status
            case .incomplete, .continues: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard failure == nil, let error = error as? HTTPParserError else { return }
            failure = HTTPRequestAssembly.status(of: error)
        }
    }

    private func check(_ request: HTTPRequest) {
        let limits = HTTPLimits()
        expect(request.body.count <= limits.body, "a body has \(request.body.count) bytes")
        expect(request.fields.count <= limits.fields, "a head has \(request.fields.count) fields")
        for field in request.fields {
            expect(
                field.value.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F || $0.value == 9 },
                "a field has a control character")
        }
        guard let table = Self.table else { return }
        let route = table.route(request.method, host: request["host"], target: request.target)
        expect(
            route == table.route(request.method, host: request["host"], target: request.target),
            "\(route) is another one")
        switch route {
        case .landing(let host, _), .registration(let host, _), .reset(let host, _), .app(let host, _, _),
            .qrCode(let host, _), .username(let host, _):
            expect(!host.name.isEmpty && !host.name.contains("/") && host.name != "..", "a host is \(host.name)")
        case .redirect(let location):
            expect(location.hasPrefix("/") && !location.hasPrefix("//"), "a redirect goes to \(location)")
        case .hostFile(let host, let name):
            expect(!host.name.isEmpty && !host.name.contains("/"), "a host is \(host.name)")
            expect(!name.contains("/") && !name.contains(".."), "a file is \(name)")
        case .staticFile(let name): expect(!name.contains("/") && !name.contains(".."), "a file is \(name)")
        case .unknown, .wrongMethod, .misdirected, .malformed: break
        }
        _ = TrustedProxies([]).client(of: request, from: .local)
    }
}
