import Testing

@testable import Pages

/// Text on a host's colour, and in it, is legible with any colour (WCAG 2.2 §1.4.3, §1.4.11).
@Suite struct ColourTests {
    /// A grid of all colours, and the greys.
    static let colours: [Colour] = {
        let steps: [UInt32] = stride(from: 0, through: 255, by: 17).map { $0 }
        var all = (UInt32(0)...255).map { Colour($0 << 16 | $0 << 8 | $0) }
        for red in steps {
            for green in steps { for blue in steps { all.append(Colour(red << 16 | green << 8 | blue)) } }
        }
        return all
    }()

    @Test func contrastIsThatOfTheGuidelines() throws {
        #expect(abs(Colour.white.contrast(with: .black) - 21) < 0.001)
        #expect(abs(try #require(Colour("#777777")).contrast(with: .white) - 4.48) < 0.01)
        #expect(abs(try #require(Colour("#0000ff")).contrast(with: .white) - 8.59) < 0.01)
    }

    @Test func everyColourHasAnInk() {
        for colour in Self.colours { #expect(colour.contrast(with: colour.ink) >= 4.5, "\(colour.css)") }
    }

    @Test(arguments: [AccentSheet.lightGrounds, AccentSheet.darkGrounds])
    func everyColourIsReadAsTextAndSeenAsALine(grounds: [Colour]) {
        for colour in Self.colours {
            let palette = AccentSheet.Palette(colour, on: grounds)
            for ground in grounds {
                #expect(palette.text.contrast(with: ground) >= 4.5, "\(colour.css) on \(ground.css)")
                #expect(palette.line.contrast(with: ground) >= 3, "\(colour.css) on \(ground.css)")
            }
        }
    }

    @Test func aColourThatIsReadStaysAsItIs() throws {
        let blue = try #require(Colour("#2f5da8"))
        #expect(AccentSheet.Palette(blue, on: AccentSheet.lightGrounds).text == blue)
    }

    @Test func whatIsNoColourIsNone() {
        for text in ["", "#fff", "red", "#12345g", "#1234567", "＃123456", "#+12345", "12 456"] {
            #expect(Colour(text) == nil, "\(text)")
        }
        #expect(Colour("#A0b1C2")?.css == "#a0b1c2")
    }

    /// The colours of the style sheet itself, in light and dark.
    @Test func theStyleSheetsOwnColoursAreRead() throws {
        let sheet = String(decoding: PackageResources.style_css, as: UTF8.self)
        for (rule, grounds) in [
            (":root{color-scheme", AccentSheet.lightGrounds), ("dark){:root{", AccentSheet.darkGrounds),
        ] {
            let start = try #require(sheet.firstRange(of: rule)).upperBound
            let body = sheet[start...].prefix { $0 != "}" }
            func colour(_ name: String) throws -> Colour {
                let value = try #require(body.firstRange(of: "--\(name):#")).upperBound
                let digits = String(body[value...].prefix { $0.isHexDigit })
                return try #require(Colour(digits.count == 3 ? digits.map { "\($0)\($0)" }.joined() : digits))
            }
            #expect(try colour("bg") == grounds[0] && colour("card") == grounds[1])
            for name in ["ink", "soft", "accent-text"] {
                for ground in grounds { #expect(try colour(name).contrast(with: ground) >= 4.5, "\(rule) \(name)") }
            }
            for ground in grounds { #expect(try colour("field").contrast(with: ground) >= 3, "\(rule)") }
            #expect(try colour("bad").contrast(with: colour("bad-bg")) >= 4.5)
            #expect(try colour("good").contrast(with: grounds[0]) >= 3)
        }
    }

    @Test func theSheetOfAColourHasOneName() throws {
        let files = StaticFiles([:])
        let name = AccentSheet.name(of: try #require(Colour("#A0B1C2")))
        let file = try #require(files.file(name))
        #expect(file.contentType == "text/css; charset=utf-8")
        #expect(String(decoding: file.body, as: UTF8.self).contains("--accent:#a0b1c2;--accent-ink:#000000"))
        for other in [
            "accent-A0B1C2-1.css", "accent-a0b1c-1.css", "accent-a0b1c2-2.css", "accent-.css", "accent--1.css",
            "accent-a0b1c2-1.css/", "../accent-a0b1c2-1.css",
        ] {
            #expect(files.file(other) == nil, "\(other)")
        }
    }
}
