internal import Configuration
internal import Dispatch
internal import Supervision

extension ActiveConfiguration {
    /// Reads the files on a thread that may block on the disk; the services run on meanwhile.
    ///
    /// One reading at a time, since all hosts' files take time and memory. One that is under way may have missed the
    /// latest change, so calls meanwhile share the next one.
    func load() async -> FilesRead {
        if let nextReading { return await nextReading.value }
        let previous = reading
        let next = Task {
            _ = await previous?.value
            (reading, nextReading) = (nextReading, nil)
            let read = await loadNow()
            reading = nil
            return read
        }
        nextReading = next
        return await next.value
    }

    private func loadNow() async -> FilesRead {
        readings += 1
        let before = loader
        let (after, read) = await onBlockingThread {
            var loader = before
            let read = FilesRead(loader.load())
            return (loader, read)
        }
        loader = after
        return read
    }
}
