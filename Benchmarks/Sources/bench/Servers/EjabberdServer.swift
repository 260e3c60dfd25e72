import Foundation

/// A loopback ejabberd with one host, whose users send commands to the component's own address or, where the module is, to the host.
struct EjabberdServer: ServerFixture {
    let files: ServerFiles
    let clientPort: Int
    let componentPort: Int
    let way: Ceiling.Way
    private let process: ChildProcess

    var commandsTo: String { way == .direct ? CommandRequest.component : host }

    init(_ files: ServerFiles, module: ErlangModule? = nil, scratch: Scratch) async throws {
        self.files = files
        way = module == nil ? .direct : .delegated
        let user = UnprivilegedUser("ejabberd", "nobody")
        let directory = try scratch.directory("ejabberd")
        clientPort = try await LoopbackPort.free()
        componentPort = try await LoopbackPort.free()

        let configuration = directory.appending(path: "ejabberd.yml")
        let text = Self.configuration(clientPort: clientPort, componentPort: componentPort, hasModule: module != nil)
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        try user.own(directory)

        let register = ClientFleet.users.map {
            "ejabberd_auth:try_register(<<\"\($0)\">>,<<\"a.example\">>,<<\"\(ClientFleet.password)\">>)"
        }
        // Without a node name there is no distribution, hence no epmd to start and to stop.
        let command = user.command(
            "/usr/bin/erl",
            [
                "-noinput", "-pa",
            ] + (files.codePaths + (module.map { [$0.directory] } ?? [])).map(\.path) + [
                "-mnesia", "dir", "\"\(directory.path)/database\"",
                "-ejabberd", "config", "\"\(configuration.path)\"", "log_path", "\"\(directory.path)/ejabberd.log\"",
                "-s", "ejabberd", "-eval", register.joined(separator: ",") + ".",
            ])
        process = try ChildProcess(
            command.executable, command.arguments, environment: ["HOME": directory.path],
            log: scratch.root.appending(path: "ejabberd.log"))
        do {
            try await LoopbackPort.awaitListener(componentPort, process: process)
            try await LoopbackPort.awaitListener(clientPort, process: process)
        } catch {
            await process.stop()
            throw error
        }
    }

    func stop() async {
        await process.stop()
    }

    private static func configuration(clientPort: Int, componentPort: Int, hasModule: Bool) -> String {
        """
        hosts: [a.example]
        loglevel: warning
        log_rotate_count: 0
        certfiles: []
        listen:
          - {port: \(clientPort), ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, access: c2s}
          - port: \(componentPort)
            ip: "127.0.0.1"
            module: ejabberd_service
            access: all
            hosts: {\(CommandRequest.component): {password: s3cret}}
            global_routes: false
        access_rules:
          c2s: {allow: all}
        auth_method: internal
        disable_sasl_mechanisms: []
        modules:
          mod_roster: {}
          mod_disco: {}
          mod_adhoc: {}
          \(hasModule ? "mod_invited: {component: \(CommandRequest.component)}" : "")

        """
    }
}
