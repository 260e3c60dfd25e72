import Foundation

/// The machine and the versions that the numbers belong to.
struct Machine {
    let setting: Setting

    func report() throws -> String {
        let rows = [
            [
                "processor",
                "\(value("model name", in: "/proc/cpuinfo")), \(ProcessInfo.processInfo.activeProcessorCount) cores",
            ],
            ["memory", "\(ProcessInfo.processInfo.physicalMemory >> 20) MiB"],
            [
                "system",
                "\(value("PRETTY_NAME", in: "/etc/os-release", separator: "=")), Linux \(output("/usr/bin/uname", "-r"))",
            ],
            [
                "disk",
                "\(fileSystem()), `fdatasync` of 4 KiB: \(Format.milliseconds(try fdatasyncTime())) (median of 200)",
            ],
            ["invited", output("/usr/bin/git", "describe", "--always", "--dirty")],
            ["Swift", firstLine(output("/usr/bin/env", "swift", "--version"))],
            ["servers", "\(server(setting.prosody)), \(server(setting.ejabberd))"],
            ["Debian packages", packages()],
        ]
        return "## Machine\n\n" + MarkdownTable(["", ""], rows: rows).text
    }

    /// Of the last minute, five and fifteen.
    static var loadAverage: String {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        return text.split(separator: " ").prefix(3).joined(separator: " ")
    }

    private func value(_ key: String, in path: String, separator: Character = ":") -> String {
        let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix(key) }
        let value = line?.split(separator: separator, maxSplits: 1).last ?? "unknown"
        return value.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
    }

    private func server(_ files: ServerFiles) -> String {
        files.isInstalled ? "\(files)" : "\(files) (unpacked in `\(files.root.path)`)"
    }

    private func packages() -> String {
        var names = ["libsqlite3-0", "libxml2", "lua-dbi-sqlite3", "nginx-light", "wrk"]
        if setting.prosody.isInstalled { names += ["prosody", "prosody-modules"] }
        if setting.ejabberd.isInstalled { names.append("ejabberd") }
        let found = output("/usr/bin/dpkg-query", ["-W", "-f", "${Package} ${Version}\n"] + names)
        return found.split(separator: "\n").joined(separator: ", ")
    }

    private func fileSystem() -> String {
        output("/usr/bin/findmnt", "-n", "-o", "FSTYPE", "-T", setting.scratch.root.path)
    }

    private func fdatasyncTime() throws -> Int64 {
        let path = setting.scratch.root.appending(path: "fdatasync").path
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        guard file >= 0 else { throw BenchError("cannot write \(path)") }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        let clock = ContinuousClock()
        let times = (0..<200).map { number in
            _ = pwrite(file, block, block.count, number * block.count)
            let time = clock.measure { _ = fdatasync(file) }
            return Int64(time / .nanoseconds(1))
        }
        return times.sorted().quantile(0.5)
    }

    private func firstLine(_ text: String) -> String {
        String(text.prefix { $0 != "\n" })
    }

    private func output(_ executable: String, _ arguments: String...) -> String {
        output(executable, arguments)
    }

    private func output(_ executable: String, _ arguments: [String]) -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil, let data = try? pipe.fileHandleForReading.readToEnd() else {
            return "unknown"
        }
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
