/// Runs a body, and then always what has to follow it.
func finally<T>(_ cleanUp: () async -> Void, _ body: () async throws -> T) async throws -> T {
    do {
        let value = try await body()
        await cleanUp()
        return value
    } catch {
        await cleanUp()
        throw error
    }
}
