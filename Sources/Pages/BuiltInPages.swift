internal import Languages

extension PageDesign {
    /// The built-in pages. Making them takes a moment: a web server uses them once before the first visitor arrives.
    // All that it is made of is part of the program, and PagesTests make it, too.
    package static let builtIn = try! PageDesign(languages: .builtIn)
}
