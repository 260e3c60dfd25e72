/// The little that is needed of paths.
enum Path {
    /// The directory that a file is in, for joining with: empty for a bare name.
    static func directory(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    /// The path of `path` as seen from `directory`.
    static func join(_ directory: String, _ path: String) -> String {
        if directory.isEmpty || path.hasPrefix("/") { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }
}
