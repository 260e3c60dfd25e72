import Dispatch

/// Waits for what is asynchronous; libFuzzer's inputs are not.
func waiting<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
    let done = DispatchSemaphore(value: 0)
    // Written before the semaphore is signalled, and read after.
    nonisolated(unsafe) var value: Value?
    Task.detached {
        value = await body()
        done.signal()
    }
    done.wait()
    guard let value else { fail("the semaphore was signalled without a value") }
    return value
}
