import Testing

@testable import Runtime

@Suite struct FileLimitTests {
    @Test(arguments: [64, 96, 128, 256, 1024, 4096, 65_536, 1_048_576, .max], [1, 2, 16])
    func allThatIsSharedOutFits(files: Int, cores: Int) {
        let limit = FileLimit(files: files, cores: cores)
        #expect(limit.connections >= 4 && limit.databases >= 1)
        if files >= 64 + 3 * cores {
            #expect(limit.connections + 3 * limit.databases + 40 + 3 * cores <= files)
        }
    }

    @Test(arguments: [.min, -1, 0, 3, 40]) func fewFilesAreStillSomeOfEach(files: Int) {
        for cores in [Int.min, -1, 0, 1, .max] {
            let limit = FileLimit(files: files, cores: cores)
            #expect((limit.connections, limit.databases) == (4, 1) && limit.isLow)
        }
    }

    @Test func manyFilesAreEnoughForAll() {
        let limit = FileLimit(files: 65_536, cores: 16)
        #expect((limit.connections, limit.databases) == (320, 1024) && !limit.isLow)
    }

    @Test func roomIsFoundAndGivenBack() {
        for _ in 0..<1000 { #expect(FileLimit.hasRoom(for: 4)) }
    }

    @Test func someFilesAreLeftToTheRuntime() throws {
        #expect(!FileLimit.hasRoom(for: 0, below: 3))
        #expect(!FileLimit.hasRoom(for: 0, below: 0))
        #expect(FileLimit.hasRoom(for: 1000, below: 1_000_000))
    }
}
