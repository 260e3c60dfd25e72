/// The first 100 bytes of an SQLite database (https://www.sqlite.org/fileformat2.html#the_database_header), as far as
/// they show whether the rest is worth reading.
struct DatabaseHeader: Hashable, Sendable {
    static let length = 100
    private static let magic = Array("SQLite format 3\0".utf8)

    let pageSize: Int
    /// In pages; `nil` when the file does not say it.
    let pageCount: Int?
    let applicationID: Int32

    /// - Parameter bytes: The beginning of the file.
    /// - Throws: ``BackupRefusal/empty`` or ``BackupRefusal/notDatabase``.
    init(_ bytes: [UInt8]) throws(BackupRefusal) {
        if bytes.isEmpty { throw .empty }
        guard bytes.count >= Self.length, bytes.starts(with: Self.magic) else { throw .notDatabase }
        func number(_ start: Int) -> UInt32 { bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        let size = Int(bytes[16]) << 8 | Int(bytes[17])
        // 65,536 has no place in two bytes.
        pageSize = size == 1 ? 65_536 : size
        guard (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0 else { throw .notDatabase }
        // Only valid where the last writer maintained it.
        let count = Int(number(28))
        pageCount = count > 0 && number(24) == number(92) ? count : nil
        applicationID = Int32(bitPattern: number(68))
    }

    /// How long the file is, by what it says.
    var size: Int? { pageCount.map { $0 * pageSize } }

    /// - Parameter size: Of the whole file.
    func check(size: Int) throws(BackupRefusal) {
        if let expected = self.size, size < expected { throw .cutOff(size: size, expected: expected) }
        guard applicationID == Schema.applicationID else { throw .foreign }
    }
}
