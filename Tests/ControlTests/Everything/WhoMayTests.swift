import Access
import Control
import Shell
import TestSupport
import Testing

/// Who may use which command where.
@Suite(.timeLimit(.minutes(5))) struct WhoMayTests {
    private static let own = "own.example"
    private static let second = "second.example"
    private static let foreign = "foreign.test"

    /// For a caller who has a role (viewer, operator, admin) on all hosts, on own.example alone, on `*.example`, or on
    /// another host alone; and for one who is operator of own.example and viewer of second.example, here and there.
    ///
    /// - `+` may, `-` is denied, `?` is answered that there is no such host;
    /// - `~` may, and is shown what concerns the hosts that they see, and nothing else.
    private static let table = """
                                 all     own     pattern other   mixed
        help                     + + +   + + +   + + +   + + +   + +
        status                   + + +   + + +   + + +   + + +   + +
        version                  + + +   + + +   + + +   + + +   + +
        host list                ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        host show                + + +   + + +   + + +   ? ? ?   + +
        host why                 + + +   + + +   + + +   ? ? ?   + +
        host set                 - + +   - + +   - + +   - ? ?   + -
        host reset               - + +   - + +   - + +   - ? ?   + -
        host suspend             - + +   - + +   - + +   - ? ?   + -
        host resume              - + +   - + +   - + +   - ? ?   + -
        host restart             - + +   - + +   - + +   - ? ?   + -
        host reopen              - + +   - + +   - + +   - ? ?   + -
        host backup              - - +   - - +   - - +   - - ?   - -
        host restore             - - +   - - +   - - +   - - ?   - -
        invite create account    - + +   - + +   - + +   - ? ?   + -
        invite create contact    - + +   - + +   - + +   - ? ?   + -
        invite create reset      - + +   - + +   - + +   - ? ?   + -
        invite list              ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        invite show              + + +   + + +   + + +   ? ? ?   + +
        invite show --reveal     - + +   - + +   - + +   - ? ?   + -
        invite show --qr         - + +   - + +   - + +   - ? ?   + -
        invite find              ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        invite tree              ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        invite export            ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        invite revoke            - + +   - + +   - + +   - ? ?   + -
        invite release           - + +   - + +   - + +   - ? ?   + -
        invite forget            - + +   - + +   - + +   - + +   + +
        invite delete            - + +   - + +   - + +   - ? ?   + -
        invite extend            - + +   - + +   - + +   - ? ?   + -
        invite purge             - + +   - + +   - + +   - ? ?   + -
        config status            ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        config check             + + +   - - -   - - -   - - -   - -
        config diff              + + +   - - -   - - -   - - -   - -
        config plan              + + +   - - -   - - -   - - -   - -
        config save              - + +   - + +   - + +   - ? ?   + -
        config apply             - - +   - - -   - - -   - - -   - -
        config confirm           - - +   - - -   - - -   - - -   - -
        config undo              - - +   - - -   - - -   - - -   - -
        config history           + + +   - - -   - - -   - - -   - -
        config edit              - - +   - - -   - - -   - - -   - -
        component status         + + +   + + +   + + +   + + +   + +
        component reconnect      - - +   - - -   - - -   - - -   - -
        grants                   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        grants --probe           - + +   - + +   - + +   - ? ?   + -
        stats                    ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        top                      ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        trace                    - + +   - + +   - + +   - ? ?   + -
        trace --reveal           - - +   - - +   - - +   - - ?   - -
        log follow               + + +   - - -   - - -   - - -   - -
        log level                - - +   - - -   - - -   - - -   - -
        journal                  ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~ ~   ~ ~
        """

    /// A column of the table.
    struct Column: CustomTestStringConvertible, Sendable {
        let index: Int
        let caller: Caller
        /// The hosts that the caller sees.
        let seen: Set<String>
        /// The host that commands name.
        var host = WhoMayTests.own
        let testDescription: String
    }

    static let columns: [Column] = {
        var columns: [Column] = []
        let scopes: [(String, HostScope, Set<String>)] = [
            ("all hosts", .all, [own, second, foreign]), (own, .some([own]), [own]),
            ("*.example", .some(["*.example"]), [own, second]), (second, .some([second]), [second]),
        ]
        for (name, scope, seen) in scopes {
            for role in [Role.viewer, .operator, .admin] {
                columns.append(
                    Column(
                        index: columns.count, caller: .someone(role, scope), seen: seen,
                        testDescription: "\(role) of \(name)"))
            }
        }
        let access = AccessRights(.operator, on: .some([own])).union(AccessRights(.viewer, on: .some([second])))
        let mixed = Caller(uid: 1000, pid: 1, user: "someone", access: access)
        for host in [own, second] {
            columns.append(
                Column(
                    index: columns.count, caller: mixed, seen: [own, second], host: host,
                    testDescription: "operator of \(own) and viewer of \(second), on \(host)"))
        }
        return columns
    }()

    /// The symbols of each command.
    private static let rows: [String: [Character]] = {
        var rows: [String: [Character]] = [:]
        for line in table.split(separator: "\n").dropFirst() {
            rows[line.prefix(24).trimmingSpaces] = line.dropFirst(24).filter { $0 != " " }.map(\.self)
        }
        return rows
    }()

    @Test func everyCommandIsInTheTable() {
        #expect(Set(Self.rows.keys) == Set(CommandCase.all.map(\.name)))
        #expect(Set(CommandCase.all.map(\.spec.path)) == Set(CommandRegistry.standard.commands.map(\.path)))
        for (name, row) in Self.rows { #expect(row.count == Self.columns.count, "\(name)") }
        // Options that are for a higher role than the command.
        for spec in CommandRegistry.standard.commands {
            for option in spec.options where (option.role ?? .viewer) > spec.role {
                #expect(Self.rows["\(spec.name) --\(option.name)"] != nil)
            }
        }
    }

    @Test(arguments: columns) func itIsAsTheTableSays(column: Column) async throws {
        let hosts = [Self.own, Self.second, Self.foreign]
        try await AllCommandsFixture.with(Dictionary(uniqueKeysWithValues: hosts.map { ($0, "{}") })) { fixture in
            try await CommandCase.prepare(fixture, hosts: hosts)
            for use in CommandCase.all {
                let symbol = try #require(Self.rows[use.name]?[column.index])
                let isAllowed = symbol == "+" || symbol == "~"
                let (end, output) = try await use.run(
                    fixture, on: column.host, as: column.caller, isAllowed: isAllowed)
                let expected: ResultCode = isAllowed ? use.code : symbol == "?" ? .unknownHost : .denied
                #expect(end.code == expected, "\(use.name): \(end)")
                #expect(RowChecker(use.spec).mistakes(in: output) == [], "\(use.name)")
                guard isAllowed else {
                    #expect(output.rows.isEmpty && output.texts.isEmpty && output.questions.isEmpty, "\(use.name)")
                    continue
                }
                if symbol == "~" {
                    #expect(Self.hosts(in: output) == column.seen, "\(use.name)")
                }
            }
        }
    }

    /// The hosts that rows and events are about.
    private static func hosts(in output: RecordingOutput) -> Set<String> {
        var hosts: Set<String> = []
        for row in output.rows + output.events {
            if let host = row["host"]?.text { hosts.insert(host) }
            hosts.formUnion((row["hosts"]?.list ?? []).compactMap(\.text))
        }
        return hosts.subtracting(["", "(sum)", "(no host)"])
    }

    /// Each command shows a row here, which is checked against its schema.
    @Test func everyCommandHasShownARow() async throws {
        var shown: Set<[String]> = []
        try await AllCommandsFixture.with([Self.own: "{}"]) { fixture in
            try await CommandCase.prepare(fixture, hosts: [Self.own])
            for use in CommandCase.all {
                let (_, output) = try await use.run(fixture, on: Self.own, as: .someone(.admin), isAllowed: true)
                #expect(RowChecker(use.spec).mistakes(in: output) == [], "\(use.name)")
                if !output.rows.isEmpty || !output.events.isEmpty { shown.insert(use.spec.path) }
                if case .text = use.spec.result { #expect(!output.texts.isEmpty) }
            }
            // A mistake, and a difference.
            try fixture.fixture.directory.write("site_name: Other\n", to: "config.d/\(Self.own).yaml")
            for line in ["config diff", "config check", "host set \(Self.own) site_name X", "config status"] {
                if line == "config check" {
                    try fixture.fixture.directory.write("nonsense: 1\n", to: "config.d/\(Self.own).yaml")
                }
                let output = RecordingOutput()
                _ = try await fixture.run(line, output: output)
                let spec = try #require(CommandRegistry.standard.match(try Words(line).words)?.spec)
                #expect(RowChecker(spec).mistakes(in: output) == [], "\(line)")
                if !output.rows.isEmpty { shown.insert(spec.path) }
            }
        }
        for spec in CommandRegistry.standard.commands where !spec.result.fields.isEmpty {
            // Stanzas need a server: test_seeing.py of the daemon.
            if spec.name == "trace" { continue }
            #expect(shown.contains(spec.path), "`\(spec.name)` has shown no row")
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String { split(separator: " ").joined(separator: " ") }
}
