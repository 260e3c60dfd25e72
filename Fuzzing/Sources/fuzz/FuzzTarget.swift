/// What libFuzzer runs with one input after the other.
///
/// A target is a file in `Targets` and a line in `Targets.swift`. Its seeds are the files of `Corpora/NAME`, the inputs that
/// once failed those of `Failed/NAME`, and its dictionary, where it has one, is `Dictionaries/NAME.dict`.
protocol FuzzTarget: Sendable {
    /// As it is written in `scripts/fuzz NAME` and as its directories are named.
    static var name: String { get }
    /// What holds for every input, in one line.
    static var holds: String { get }
    /// Flags of libFuzzer's that this target needs, such as `-max_len=65536`.
    static var flags: [String] { get }

    /// Called once, before the first input.
    init()
    /// Runs one input. What does not hold ends the process: a trap, the sanitizer, or ``expect(_:_:file:line:)``.
    func run(_ input: UnsafeRawBufferPointer)
}

extension FuzzTarget {
    static var flags: [String] { [] }
}
