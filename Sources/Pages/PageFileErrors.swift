package import YAML

/// What is wrong with templates, apps or images, each mistake with its place. What was in use before stays so.
package struct PageFileErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// In the order of their places; not empty.
    package let diagnostics: [Diagnostic]

    /// A line for each.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
