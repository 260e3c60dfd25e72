import Access
import Testing

@Suite struct HostScopeTests {
    @Test(arguments: [
        ("a.example", true), ("b.example", false), ("x.c.example", true), ("y.x.c.example", true),
        ("c.example", false), ("xc.example", false), ("", false),
    ])
    func containsWhatItNames(host: String, isIn: Bool) {
        #expect(HostScope.some(["a.example", "*.c.example"]).contains(host) == isIn)
        #expect(HostScope.all.contains(host))
    }
}
