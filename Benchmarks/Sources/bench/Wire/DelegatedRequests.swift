import NIOCore

/// A numbered sequence of delegated requests that cycles through a list of hosts, and through a hundred users of each.
struct DelegatedRequests {
    private let templates: [CommandRequest.Delegated]

    init(hosts: [String]) {
        templates = hosts.map(CommandRequest.Delegated.init)
    }

    func write(_ number: Int, into buffer: inout ByteBuffer) {
        templates[number % templates.count].write(number, user: number / templates.count % 100, into: &buffer)
    }
}
