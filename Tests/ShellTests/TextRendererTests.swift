import Testing

@testable import Shell

@Suite struct TextRendererTests {
    private let fields: [Field] = [
        Field("host", .text, "the host"),
        Field("state", .choice(["running", "quarantined"]), "how it is"),
        Field("since", .time, "since when"),
        Field("requests", .count, "requests"),
        Field("trouble", .text, "what is wrong", isOptional: true),
    ]
    private let plain = TextRenderer(width: 0, isColored: false)

    private func row(_ host: String, _ state: String = "running", _ requests: Int64 = 7, trouble: String? = nil) -> JSON
    {
        var row: [String: JSON] = [
            "host": .text(host), "state": .text(state), "since": "2026-11-22T19:06:10Z", "requests": .integer(requests),
        ]
        if let trouble { row["trouble"] = .text(trouble) }
        return .object(row)
    }

    // MARK: Tables

    @Test func aTableHasAHeaderAndCountsAtTheRight() {
        #expect(
            plain.table([row("a.example"), row("example.com", "quarantined", 12345)], fields) == [
                "HOST         STATE        SINCE              REQUESTS",
                "a.example    running      2026-11-22 19:06Z         7",
                "example.com  quarantined  2026-11-22 19:06Z     12345",
            ])
    }

    @Test func anOptionalColumnIsThereAsSoonAsOneRowHasIt() {
        let lines = plain.table([row("a.example"), row("b.example", trouble: "disk full")], fields)
        #expect(lines[0].hasSuffix("REQUESTS  TROUBLE"))
        #expect(lines[1].hasSuffix("7  -"))
        #expect(lines[2].hasSuffix("7  disk full"))
    }

    @Test func noRowsAreNoLines() {
        #expect(plain.table([], fields).isEmpty)
    }

    @Test(arguments: [40, 60, 80, 120, 200])
    func everyLineFitsTheWidth(width: Int) {
        let rows = [
            row("a.example"), row("a-very-long-name-of-a-host.with.many.labels.example.com", "quarantined", 1_234_567),
            row("日本語の名前.example", trouble: "the database cannot be opened: disk I/O error (10), tried 12 times"),
        ]
        let lines = TextRenderer(width: width, isColored: false).table(rows, fields)
        #expect(lines[0].hasPrefix("HOST "))
        for line in lines { #expect(DisplayWidth.of(line) <= width, "\(line)") }
    }

    @Test func theLastColumnMovesBelowItsRowBeforeNumbersAreLeftOut() {
        let rows = [row("a.example"), row("b.example", "quarantined", trouble: "the disk is full")]
        #expect(
            TextRenderer(width: 52, isColored: false).table(rows, fields) == [
                "HOST       STATE        SINCE              REQUESTS",
                "a.example  running      2026-11-22 19:06Z         7",
                "b.example  quarantined  2026-11-22 19:06Z         7",
                "  trouble: the disk is full",
            ])
        #expect(
            TextRenderer(width: 30, isColored: false).table(rows, fields) == [
                "HOST       STATE",
                "a.example  running",
                "b.example  quarantined",
                "  trouble: the disk is full",
                "(no room for since, requests)",
            ])
    }

    @Test func columnsGiveWayFromTheRightUntilTheOthersFit() {
        let fields = ["host", "key", "before", "after", "origin"].map { Field($0, .text, "", isOptional: true) }
        let rows: [JSON] = [
            [
                "host": "a.example", "key": "site_name", "before": "A", "after": "B",
                "origin": "/etc/invited/config.d/a.example.yaml:3:12",
            ],
            ["host": "b.example", "key": "admins", "after": "[admin@b.example]"],
        ]
        #expect(
            TextRenderer(width: 60, isColored: false).table(rows, fields) == [
                "HOST       KEY        BEFORE  AFTER",
                "a.example  site_name  A       B",
                "  origin: /etc/invited/config.d/a.example.yaml:3:12",
                "b.example  admins     -       [admin@b.example]",
            ])
        #expect(
            TextRenderer(width: 30, isColored: false).table(rows, fields) == [
                "HOST       KEY        BEFORE",
                "a.example  site_name  A",
                "  after: B",
                "  origin: /etc/invited/config.",
                "          d/a.example.yaml:3:1",
                "          2",
                "b.example  admins     -",
                "  after: [admin@b.example]",
            ])
    }

    @Test func whatMovesBelowSharesALineWhereItFits() {
        let fields = ["command", "before", "after", "from"].map { Field($0, .text, "", isOptional: true) }
        let rows: [JSON] = [
            [
                "command": "host set allow_user_invites", "before": "allow_user_invites:false", "after": "true",
                "from": "socket",
            ]
        ]
        #expect(
            TextRenderer(width: 48, isColored: false).table(rows, fields) == [
                "COMMAND                 BEFORE",
                "host set                allow_user_invites:false",
                "allow_user_invites",
                "  after: true  from: socket",
            ])
    }

    @Test func theWidestTextGivesWayAndNumbersNever() {
        let fields = [
            Field("host", .text, ""), Field("command", .text, ""), Field("requests", .count, ""),
            Field("state", .choice([]), ""),
        ]
        let rows: [JSON] = [
            ["host": "a.example", "command": "host set a.example suspended true", "requests": 123_456, "state": "ok"]
        ]
        #expect(
            TextRenderer(width: 44, isColored: false).table(rows, fields) == [
                "HOST       COMMAND           REQUESTS  STATE",
                "a.example  host set            123456  ok",
                "           a.example",
                "           suspended true",
            ])
    }

    @Test func aNameThatIsTooLongHasALineToItself() {
        let name = String(repeating: "a", count: 38)
        let fields = [Field("host", .text, ""), Field("requests", .count, "")]
        #expect(
            TextRenderer(width: 40, isColored: false).table([["host": .text(name), "requests": 1]], fields) == [
                "HOST                            REQUESTS", name,
                "                                       1",
            ])
    }

    @Test func aWordThatIsTooLongIsCut() {
        let word = String(repeating: "a", count: 60)
        let fields = [Field("line", .count, ""), Field("word", .text, ""), Field("requests", .count, "")]
        #expect(
            TextRenderer(width: 40, isColored: false).table(
                [["line": 7, "word": .text(word), "requests": 1]], fields) == [
                    "LINE  WORD                      REQUESTS",
                    "   7  " + String(repeating: "a", count: 23) + "…         1",
                ])
    }

    @Test func theLastTextGoesOnInTheNextLine() {
        let fields = [Field("line", .count, ""), Field("message", .text, "")]
        let rows: [JSON] = [["line": 7, "message": "unknown key `allow_user_invite`; did you mean another?"]]
        #expect(
            TextRenderer(width: 34, isColored: false).table(rows, fields) == [
                "LINE  MESSAGE",
                "   7  unknown key",
                "      `allow_user_invite`; did you",
                "      mean another?",
            ])
    }

    @Test func whereNoTableIsFitToReadRowsAreRecords() {
        let rows = [row("a.example", "quarantined"), row("b.example", "quarantined")]
        #expect(
            TextRenderer(width: 20, isColored: false).table(rows, fields) == [
                "host:     a.example", "state:    quarantined", "since:    2026-11-22", "          19:06:10Z",
                "requests: 7", "",
                "host:     b.example", "state:    quarantined", "since:    2026-11-22", "          19:06:10Z",
                "requests: 7",
            ])
    }

    @Test func membersWithoutAFieldComeLast() {
        let rows: [JSON] = [["host": "a.example", "new": 5], ["host": "b.example"]]
        #expect(
            plain.table(rows, [Field("host", .text, "")]) == ["HOST       NEW", "a.example  5", "b.example  -"])
    }

    @Test func wideAndCombiningCharactersKeepTheColumns() {
        let rows: [JSON] = [["a": "日本", "b": "x"], ["a": "e\u{301}", "b": "x"], ["a": "abcd", "b": "x"]]
        #expect(
            plain.table(rows, [Field("a", .text, ""), Field("b", .text, "")]) == [
                "A     B", "日本  x", "e\u{301}     x", "abcd  x",
            ])
    }

    // MARK: Records

    @Test func aRecordHasALineForEachFieldAndWhatIsNestedBelow() {
        let setting = [Field("key", .text, ""), Field("value", .text, "")]
        let fields = [
            Field("host", .text, ""), Field("last_trouble", .text, "", isOptional: true),
            Field("settings", .list(.object(setting)), ""), Field("delegated", .list(.text), ""),
            Field("requests", .count, ""),
        ]
        let row: JSON = [
            "host": "a.example",
            "settings": [["key": "admins", "value": "[]"], ["key": "suspended", "value": "false"]],
            "delegated": ["urn:x", "urn:y"], "requests": 3,
        ]
        #expect(
            plain.record(row, fields)
                == [
                    "host:      a.example", "delegated: urn:x, urn:y", "requests:  3", "", "settings:",
                    "  KEY        VALUE",
                    "  admins     []", "  suspended  false",
                ])
    }

    @Test func aTextOfSeveralLinesStandsBelow() {
        #expect(plain.record(["note": "██\n▀▀"], [Field("note", .text, "")]) == ["", "note:", "  ██", "  ▀▀"])
    }

    /// On a terminal that writes dark on light it would be inverted.
    @Test func aDrawingHasItsOwnColoursAndIsNotIndented() {
        let fields = [Field("qr", .drawing, "")]
        #expect(plain.record(["qr": "██\n▀▀"], fields) == ["", "qr:", "██", "▀▀"])
        #expect(
            TextRenderer(width: 2, isColored: true).record(["qr": "██\n▀▀"], fields)
                == ["", "qr:", "\u{1B}[37;97;40m██\u{1B}[0m", "\u{1B}[37;97;40m▀▀\u{1B}[0m"])
    }

    @Test func aDrawingThatDoesNotFitIsNotWrapped() {
        let lines = TextRenderer(width: 44, isColored: true).record(
            ["qr": .text(String(repeating: "█", count: 45) + "\n")], [Field("qr", .drawing, "")])
        #expect(lines == ["", "qr:", "(it is 45 columns wide, and the terminal has", "44)"])
    }

    @Test func aTreeIsDrawn() {
        let rows: [JSON] = [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 1), ("f", 2), ("g", 0)].map {
            ["name": .text($0), "depth": .integer(Int64($1)), "host": "x"]
        }
        let fields = [Field("name", .branch, ""), Field("depth", .count, ""), Field("host", .text, "")]
        #expect(
            plain.table(rows, fields) == [
                "NAME        HOST",
                "a           x",
                "├─ b        x",
                "│  └─ c     x",
                "│     └─ d  x",
                "└─ e        x",
                "   └─ f     x",
                "g           x",
            ])
        let deep: [JSON] = (0..<5_000).map { ["name": "n", "depth": .integer($0), "host": "x"] }
        #expect(plain.table(deep, fields).allSatisfy { $0.count < 100 })
    }

    @Test func aLinkIsNeverParted() {
        let link = "xmpp:example.com?register;preauth=" + String(repeating: "a", count: 60)
        let lines = TextRenderer(width: 40, isColored: false).record(["uri": .text(link)], [Field("uri", .text, "")])
        #expect(lines == ["uri: " + link])
    }

    // MARK: Events

    @Test func anEventIsALine() {
        let fields = [
            Field("time", .time, ""), Field("level", .choice(["info", "warning"]), ""), Field("message", .text, ""),
            Field("metadata", .object([]), ""), Field("waiting", .count, ""),
        ]
        let event: JSON = [
            "time": "2026-11-22T19:06:10.123Z", "level": "info", "message": "two\nlines",
            "metadata": ["host": "a.example", "count": "2"], "waiting": 4,
        ]
        #expect(
            plain.event(event, fields)
                == #"19:06:10.123Z info    two\u{A}lines count=2 host=a.example waiting=4"#)
        #expect(plain.event(["dropped": 12], fields) == "(12 left out)")
    }

    // MARK: Values

    @Test(arguments: [
        (0, "0s"), (59, "59s"), (3_661, "1h1m"), (86_400, "1d"), (129_600, "1d12h"), (-90, "-1m30s"),
        (Int64.min, "-106751991167300d15h"),
    ])
    func secondsAreTwoUnits(seconds: Int64, text: String) {
        #expect(Cell.seconds(seconds) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (5 << 30, "5 GiB"), (Int64.min, "-8388608 TiB"),
    ])
    func bytesAreInKiB(bytes: Int64, text: String) {
        #expect(Cell.bytes(bytes) == text)
    }

    @Test(arguments: [
        (0.5, "0.5"), (12.345, "12.35"), (-0.25, "-0.25"), (3, "3"), (1e300, "1e+300"), (.infinity, "inf"),
    ])
    func numbersHaveTwoPlaces(number: Double, text: String) {
        #expect(Cell.decimal(number) == text)
    }

    @Test(arguments: ["", "yesterday", "2026-11-22 19:06:10Z", "2026-11-22T19:06:10+01", "2026-11-22T19:06:1\u{1B}Z"])
    func whatIsNoTimeIsShownAsItIs(text: String) {
        #expect(Cell.time(text, .minutes) == nil)
    }

    @Test func nothingSpeaksToTheTerminal() {
        let hostile = "\u{1B}]0;owned\u{7}\u{9B}31m\u{202E}\r\u{7F}"
        let values: [JSON] = [
            .text(hostile), .list([.text(hostile)]), .object([hostile: .text(hostile)]), .list([.object([hostile: 1])]),
            .text("a\n" + hostile),
        ]
        let kinds: [Field.Kind] = [
            .text, .choice([hostile]), .flag, .count, .bytes, .number, .time, .seconds, .list(.text), .object([]),
            .list(.object([])),
        ]
        for value in values {
            for kind in kinds {
                let row = JSON.object(["x": value, hostile: value])
                let field = [Field("x", kind, "")]
                for width in [0, 30] {
                    let renderer = TextRenderer(width: width, isColored: false)
                    let lines =
                        renderer.table([row], field) + renderer.record(row, field)
                        + [renderer.event(row, field)] + renderer.text(hostile)
                    for line in lines {
                        let isClean = line.unicodeScalars.allSatisfy {
                            ![.control, .format].contains($0.properties.generalCategory)
                        }
                        #expect(isClean, "\(line.debugDescription)")
                    }
                }
            }
        }
    }

    @Test func messagesGoOnInTheNextLine() {
        let narrow = TextRenderer(width: 12, isColored: false)
        #expect(
            narrow.message("nobody listens on /run/invited/control.sock\nor so") == [
                "nobody", "listens on", "/run/invited/control.sock", "or so",
            ])
        #expect(plain.message("nobody listens on /run/invited/control.sock").count == 1)
    }

    @Test func onlyStatesAreColouredAndOnlyWhenAsked() {
        let coloured = TextRenderer(width: 0, isColored: true)
        let rows = [row("running", "quarantined")]
        #expect(!plain.table(rows, fields).joined().contains("\u{1B}"))
        #expect(coloured.table(rows, fields)[1].hasPrefix("running  \u{1B}[31mquarantined\u{1B}[0m  2026"))
        #expect(coloured.record(rows[0], fields)[1] == "state:    \u{1B}[31mquarantined\u{1B}[0m")
    }
}
