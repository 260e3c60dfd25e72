extension QRCode {
    /// An SVG image of one path, a unit to a module, with the quiet zone and a ground of its own: a code that is light on dark is
    /// read by few. It has no size, and so takes that of its place.
    package var svg: [UInt8] {
        let side = width + 2 * Self.quietZone
        var svg =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\" shape-rendering=\"crispEdges\">"
        svg += "<path fill=\"#fff\" d=\"M0 0h\(side)v\(side)H0z\"/><path d=\""
        for row in 0..<width {
            var column = 0
            while column < width {
                guard isDark(row, column) else {
                    column += 1
                    continue
                }
                let start = column
                while isDark(row, column) { column += 1 }
                svg += "M\(start + Self.quietZone) \(row + Self.quietZone)h\(column - start)v1h-\(column - start)z"
            }
        }
        svg += "\"/></svg>\n"
        return Array(svg.utf8)
    }
}
