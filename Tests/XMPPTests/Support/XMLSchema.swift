import CLibXML2
import Testing

/// A W3C XML Schema that is read from a file.
struct XMLSchema: ~Copyable {
    private let schema: xmlSchemaPtr

    init(path: String) throws {
        let parser = try #require(xmlSchemaNewParserCtxt(path))
        defer { xmlSchemaFreeParserCtxt(parser) }
        schema = try #require(xmlSchemaParse(parser), "\(path) is no schema")
    }

    deinit { xmlSchemaFree(schema) }

    /// Whether it allows a document.
    func allows(_ document: String) throws -> Bool {
        var text = Array(document.utf8.map(CChar.init(bitPattern:)))
        let tree = try #require(xmlReadMemory(&text, CInt(text.count), nil, "UTF-8", 0), "not well-formed: \(document)")
        defer { xmlFreeDoc(tree) }
        let context = try #require(xmlSchemaNewValidCtxt(schema))
        defer { xmlSchemaFreeValidCtxt(context) }
        // What is wrong is not printed: tests want to see refusals, too.
        xmlSchemaSetValidStructuredErrors(context, { _, _ in }, nil)
        return xmlSchemaValidateDoc(context, tree) == 0
    }
}
