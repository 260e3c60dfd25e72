/// The style sheet that gives a page the colour of its host: a file for each colour, since a style in the page itself would
/// need a hole in the Content-Security-Policy.
enum AccentSheet {
    /// What a host without a colour gets.
    static let standard = Colour(0x2F_5D_A8)

    /// The backgrounds of text, in light and in dark; `style.css` has the same.
    static let lightGrounds = [Colour(0xF4_F5F7), Colour(0xFF_FFFF)]
    static let darkGrounds = [Colour(0x14_1619), Colour(0x1F_2226)]

    private static let prefix = "accent-"
    /// Changes with the rules that are made of a colour: browsers cache the name for ever.
    private static let version = "-1.css"

    /// The name of the file below `/-/static/`.
    static func name(of colour: Colour) -> String { prefix + colour.digits + version }

    /// The file of that name, for any colour; `nil` for other names.
    static func file(_ name: String) -> String? {
        guard name.hasPrefix(prefix), name.hasSuffix(version) else { return nil }
        let digits = name.dropFirst(prefix.count).dropLast(version.count)
        // One name a colour: others would be the same bytes once more.
        guard let colour = Colour(digits), colour.digits == digits else { return nil }
        return sheet(of: colour)
    }

    /// The colours that are made of one: what is written on it, and what it is as text and as a line on each ground.
    struct Palette: Hashable {
        var fill: Colour
        var ink: Colour
        var text: Colour
        /// Around the element with the keyboard focus, and around buttons with too little contrast to the background.
        var line: Colour

        init(_ colour: Colour, on grounds: [Colour]) {
            fill = colour
            ink = colour.ink
            text = colour.readable(on: grounds, ratio: 4.5)
            line = colour.readable(on: grounds, ratio: 3)
        }
    }

    private static func sheet(of colour: Colour) -> String {
        func variables(_ palette: Palette) -> String {
            "--accent:\(palette.fill.css);--accent-ink:\(palette.ink.css);--accent-text:\(palette.text.css);--accent-line:\(palette.line.css)"
        }
        let light = variables(Palette(colour, on: lightGrounds))
        let dark = variables(Palette(colour, on: darkGrounds))
        return ":root{\(light)}@media(prefers-color-scheme:dark){:root{\(dark)}}\n"
    }
}
