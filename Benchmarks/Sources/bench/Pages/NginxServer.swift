import Foundation

/// A loopback nginx that answers each of some paths with the bytes of a file and given fields: what a server of files does for the
/// same pages.
struct NginxServer: Sendable {
    /// A page, as it was answered elsewhere.
    struct Page: Sendable {
        var path: String
        var fields: [(name: String, value: String)]
        var body: [UInt8]
    }

    /// What it writes itself.
    private static let own: Set<String> = ["date", "content-length", "content-type", "connection"]

    let port: Int
    let process: ChildProcess
    private let workers: [Int32]

    init(_ pages: [Page], scratch: Scratch) async throws {
        let user = UnprivilegedUser("www-data", "nobody")
        let directory = try scratch.directory("nginx")
        port = try await LoopbackPort.free()
        let configuration = directory.appending(path: "nginx.conf")
        try Self.configuration(pages, port: port, directory: directory)
            .write(to: configuration, atomically: true, encoding: .utf8)
        for (number, page) in pages.enumerated() {
            try Data(page.body).write(to: directory.appending(path: "\(number)"))
        }
        try user.own(directory)
        let command = user.command("/usr/sbin/nginx", ["-p", directory.path, "-c", configuration.path])
        process = try ChildProcess(
            command.executable, command.arguments, log: scratch.root.appending(path: "nginx.log"))
        do {
            try await LoopbackPort.awaitListener(port, process: process)
        } catch {
            await process.stop()
            throw error
        }
        // They outlive a master that is killed.
        workers = Self.children(of: process.pid)
        for worker in workers { RunningProcesses.add(worker) }
    }

    /// Its own, and those of its workers.
    var processes: [Int32] { [process.pid] + workers }

    func stop() async {
        await process.stop()
        for worker in workers { RunningProcesses.remove(worker) }
    }

    private static func children(of pid: Int32) -> [Int32] {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// As in Debian's own file, without a log of each request.
    private static func configuration(_ pages: [Page], port: Int, directory: URL) -> String {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "    \($0)_temp_path \(directory.path)/\($0);\n" }.joined()
        let locations = pages.enumerated().map { number, page in
            let fields = page.fields.filter { !own.contains($0.name.lowercased()) }
                .map { "            add_header \(quoted($0.name)) \(quoted($0.value));\n" }.joined()
            return """
                        location = \(page.path) {
                            alias \(directory.path)/\(number);
                            add_header Last-Modified "";
                \(fields)        }

                """
        }
        return """
            daemon off;
            worker_processes auto;
            pid \(directory.path)/nginx.pid;
            error_log stderr;
            events { worker_connections 768; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                server_tokens off;
                etag off;
                max_ranges 0;
                types {}
                default_type "text/html; charset=utf-8";
            \(paths)    server {
                    listen 127.0.0.1:\(port) backlog=512;
            \(locations.joined())    }
            }

            """
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
