package import YAML

/// Why a host's file is not changed.
package enum HostFileEditError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file has mistakes as it is.
    case mistakes([Diagnostic])
    /// A key does not take the value that it is to get.
    case badValue(HostKey, String)
    /// The file is written in a way that cannot be changed here, or not without changing more than was asked for.
    case impossible(String)

    package var description: String {
        switch self {
        case .mistakes(let mistakes): mistakes.map(\.description).joined(separator: "; ")
        case .badValue(_, let message), .impossible(let message): message
        }
    }
}
