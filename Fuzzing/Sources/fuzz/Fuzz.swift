import CLibFuzzer
import Glibc

/// `fuzz TARGET [FLAG of libFuzzer…] [DIRECTORY or FILE…]`; without arguments, the names of the targets.
@main
enum Fuzz {
    /// Global, because libFuzzer calls a C function, which can hold no context.
    private static let target = type?.init()

    private static let type = getenv(variable).map { String(cString: $0) }.flatMap { name in
        targets.first { $0.name == name }
    }

    /// In the environment too: to merge and to minimise, libFuzzer starts this program again without the target's name.
    private static let variable = "INVITED_FUZZ_TARGET"

    static func main() {
        var arguments = CommandLine.arguments
        if arguments.count == 1 {
            for target in targets { print(target.name) }
            return
        }
        if targets.contains(where: { $0.name == arguments[1] }) { setenv(variable, arguments.remove(at: 1), 1) }
        guard let type else {
            say("fuzz: there is no target '\(arguments[1])'")
            exit(2)
        }
        say("\(type.name): \(type.holds)")
        // In front: of a flag that is given twice, libFuzzer takes the last.
        arguments.insert(contentsOf: type.flags, at: 1)
        var count = CInt(arguments.count)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let status = pointers.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return LLVMFuzzerRunDriver(&count, &start) { bytes, length in
                Fuzz.target?.run(UnsafeRawBufferPointer(start: bytes, count: length))
                return 0
            }
        }
        exit(status)
    }
}
