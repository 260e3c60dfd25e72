import ArgumentParser
import Foundation

/// Runs the parts that were asked for and prints the report as Markdown.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures, and prints the numbers as Markdown.",
        discussion: """
            1  behind a real Prosody and a real ejabberd
            2  straight on the component's socket, beside the floor
            3  ten thousand host files
            4  the operators' shell
            5  stanzas that are meant to hurt
            6  accounts that are made with invites, behind a real Prosody and a real ejabberd
            7  tokens that are not good
            8  landing pages
            9  accounts that are made with web forms, behind a real Prosody
            """)

    private static let all = 1...9

    @Argument(help: "The parts to run; all when none is named.")
    var parts: [Int] = []

    @Option(help: "The release binary of invited; that of invitectl is beside it.")
    var daemon: String

    @Option(help: "What Prosody was unpacked into, with its modules; the installed one is taken where none is named.")
    var prosody: String?

    @Option(
        help: "What ejabberd was unpacked into, with its libraries; the installed one is taken where none is named.")
    var ejabberd: String?

    @Option(help: "The file of Prosody's module.")
    var module = "servers/prosody/mod_invited.lua"

    @Option(help: "The directory of ejabberd's module.")
    var ejabberdModule = "servers/ejabberd/mod_invited"

    @Flag(help: "Short measurements, to see that everything runs. The numbers are worth little.")
    var quick = false

    @Flag(help: "Keep the scratch directory with its logs.")
    var keep = false

    func validate() throws {
        guard parts.allSatisfy(Self.all.contains) else {
            throw ValidationError("The parts are 1 to \(Self.all.upperBound).")
        }
    }

    func run() async throws {
        try raiseDescriptorLimit()
        let prosody = try ServerFiles.prosody(in: prosody.map { URL(filePath: $0) } ?? ServerFiles.installed)
        let ejabberd = try ServerFiles.ejabberd(in: ejabberd.map { URL(filePath: $0) } ?? ServerFiles.installed)
        let scratch = try Scratch(keep: keep)
        let interrupts = Interrupts(scratch: scratch)
        defer {
            withExtendedLifetime(interrupts) {}
            scratch.remove()
        }
        let setting = Setting(
            daemon: URL(filePath: daemon).path, module: URL(filePath: module),
            ejabberdModule: URL(filePath: ejabberdModule), scratch: scratch, prosody: prosody, ejabberd: ejabberd,
            timing: quick ? .quick : .full)
        if keep { setting.say("files are in \(scratch.root.path)") }

        print(try Machine(setting: setting).report())
        var failed = false
        for part in parts.isEmpty ? Array(Self.all) : parts {
            do {
                print(try await report(part, setting: setting))
            } catch {
                failed = true
                setting.say("part \(part) failed: \(error)")
                print("## \(part). Failed\n\nThis part could not be measured.\n")
            }
            fflush(nil)
        }
        if failed { throw ExitCode.failure }
    }

    private func report(_ part: Int, setting: Setting) async throws -> String {
        switch part {
        case 1: try await BehindRealServer(setting: setting).report()
        case 2: try await OnTheSocket(setting: setting).report()
        case 3: try await ManyHosts(setting: setting).report()
        case 4: try await FromTheShell(setting: setting).report()
        case 5: try await HostileStanzas(setting: setting).report()
        case 6: try await Registrations(setting: setting).report()
        case 7: try await BadTokens(setting: setting).report()
        case 8: try await LandingPages(setting: setting).report()
        default: try await FormRegistrations(setting: setting).report()
        }
    }

    /// A thousand databases with their logs are more files than a process may open by default.
    private func raiseDescriptorLimit() throws {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(files, &limit) == 0 else { throw BenchError("cannot raise the limit of open files") }
    }
}
