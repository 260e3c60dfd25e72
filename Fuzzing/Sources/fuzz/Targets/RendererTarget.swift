@testable import Shell

/// The first line is the terminal and the command, `80 colour host list`; each further line a row, an event or a text.
struct RendererTarget: FuzzTarget {
    static let name = "renderer"
    static let holds = "nothing but text and the renderer's own colours reaches a terminal, and a table fits into it"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        var input = Input(input)
        let words = input.line().split(separator: " ").map(String.init)
        guard let width = words.first.flatMap(Int.init), width <= 10_000 else { return }
        let isColoured = words.dropFirst().first == "colour"
        let fields = CommandRegistry.standard[Array(words.dropFirst(2))]?.result.fields ?? []
        let renderer = TextRenderer(width: width, isColored: isColoured)
        var rows: [JSON] = []
        while !input.isEmpty {
            let line = input.lineBytes()
            let text = String(decoding: line, as: UTF8.self)
            expectText(renderer.text(text), isColoured)
            expectText(renderer.message(text), isColoured)
            expectCut(
                text.unicodeScalars.filter { String($0).isHarmless }.reduce(into: "") { $0.unicodeScalars.append($1) },
                width)
            guard let row = try? JSON(reading: line) else { continue }
            rows.append(row)
            expectText(renderer.record(row, fields), isColoured)
            expectText([renderer.event(row, fields)], isColoured)
        }
        let table = renderer.table(rows, fields)
        expectText(table, isColoured)
        expect(rows.isEmpty == table.isEmpty || rows.allSatisfy { $0.object?.isEmpty ?? true }, "rows are not shown")
        expectWidth(of: table, width, rows, fields)
    }

    private func expectText(_ lines: [String], _ isColoured: Bool) {
        for line in lines {
            let text = isColoured ? uncoloured(line) : line
            expect(text.isHarmless, "a terminal gets \(line.debugDescription)")
        }
    }

    private func uncoloured(_ line: String) -> String {
        guard line.utf8.contains(0x1B) else { return line }
        return [Colour.good, .doubtful, .bad, .faint].map(\.rawValue).reduce(line) { $0.replacing($1, with: "") }
            .replacing(Colour.end, with: "")
    }

    private func expectCut(_ text: String, _ width: Int) {
        let cut = TextRenderer.cut(text, to: width)
        expect(TextRenderer.width(of: cut) <= max(0, width), "\(text.debugDescription) is cut to \(cut)")
    }

    /// A table fits; what becomes records instead has words that are never parted.
    private func expectWidth(of lines: [String], _ width: Int, _ rows: [JSON], _ fields: [Field]) {
        let known = Set(fields.map(\.name))
        guard width >= 40, let first = fields.first, lines.first?.hasPrefix(first.heading) == true,
            rows.allSatisfy({ $0.object?.keys.allSatisfy(known.contains) ?? true })
        else { return }
        for line in lines {
            let taken = TextRenderer.width(of: uncoloured(line))
            expect(taken <= width, "\(taken) of \(width) columns: \(line.debugDescription)")
        }
    }
}
