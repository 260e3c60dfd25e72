import Foundation

/// `generate-docs DIRECTORY`: writes all generated documents below a directory, which is the repository's top.
@main
enum GenerateDocs {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2 else {
            FileHandle.standardError.write(Data("usage: generate-docs DIRECTORY\n".utf8))
            exit(2)
        }
        let top = URL(filePath: arguments[1], directoryHint: .isDirectory)
        for document in Document.all {
            let file = top.appending(path: document.path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(document.text.utf8).write(to: file)
        }
    }
}
