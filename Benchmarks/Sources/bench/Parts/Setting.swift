import Foundation

/// What every part of a run needs to know.
struct Setting: Sendable {
    /// The release binary that is measured.
    var daemon: String
    /// The release binary of the shell's client, which is built beside the daemon.
    var client: String { URL(filePath: daemon).deletingLastPathComponent().appending(path: "invitectl").path }
    /// The file of Prosody's module.
    var module: URL
    /// The directory of ejabberd's module.
    var ejabberdModule: URL
    var scratch: Scratch
    var prosody: ServerFiles
    var ejabberd: ServerFiles
    var timing: Timing

    /// Writes progress to standard error. The report itself is written to standard output.
    func say(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}
