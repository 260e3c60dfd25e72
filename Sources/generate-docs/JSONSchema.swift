import Shell

/// The shell's protocol and the rows of all its commands as a JSON schema (2020-12).
///
/// `#/$defs/request` and `#/$defs/answer` are what the two sides say; `#/$defs/host-list` is a row, or an event, of the
/// command `host list`, and so on.
enum JSONSchema {
    /// The whole document.
    static func document(of registry: CommandRegistry) -> JSON {
        var definitions: [String: JSON] = [
            "request": request, "answer": answer, "end": end, "hello": hello, "ask": ask,
        ]
        for spec in registry.commands {
            if let schema = schema(of: spec) { definitions[key(of: spec)] = schema }
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "What invited's shell says and understands: one JSON object a line",
            "anyOf": [["$ref": "#/$defs/request"], ["$ref": "#/$defs/answer"]],
            "$defs": .object(definitions),
        ]
    }

    /// What a command's rows are called under `$defs`, such as `host-list`.
    static func key(of spec: CommandSpec) -> String { spec.path.joined(separator: "-") }

    /// The schema of a command's rows or events; `nil` where it has none.
    static func schema(of spec: CommandSpec) -> JSON? {
        let fields = spec.result.fields
        guard !fields.isEmpty else { return nil }
        var row = object(fields).adding(["description": .text("`\(spec.name)`: \(spec.summary)")])
        if case .events = spec.result {
            let dropped = members(
                ["dropped": ["type": "integer", "minimum": 1]], required: ["dropped"],
                "So many events were left out here")
            row = ["anyOf": [row, dropped]]
        }
        return row
    }

    // MARK: Fields

    private static func object(_ fields: [Field]) -> JSON {
        guard !fields.isEmpty else { return ["type": "object", "additionalProperties": ["type": "string"]] }
        var properties: [String: JSON] = [:]
        for field in fields {
            let schema = schema(of: field.kind)
            properties[field.name] = (field.isOptional ? orNull(schema) : schema).adding([
                "description": .text(field.summary + (field.isSecret ? " (secret)" : ""))
            ])
        }
        return [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
            "required": .list(fields.filter { !$0.isOptional }.map { .text($0.name) }),
        ]
    }

    private static func schema(of kind: Field.Kind) -> JSON {
        switch kind {
        case .text, .branch, .drawing: ["type": "string"]
        case .choice(let words): ["type": "string", "enum": .list(words.map(JSON.text))]
        case .flag: ["type": "boolean"]
        case .count, .bytes, .seconds: ["type": "integer", "minimum": 0]
        case .number: ["type": "number"]
        case .time:
            [
                "type": "string", "format": "date-time",
                "pattern": #"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$"#,
            ]
        case .list(let kind): ["type": "array", "items": schema(of: kind)]
        case .object(let fields): object(fields)
        }
    }

    private static func orNull(_ schema: JSON) -> JSON {
        guard case .object(var members) = schema, let type = members["type"] else { return schema }
        members["type"] = [type, "null"]
        if let words = members["enum"]?.list { members["enum"] = .list(words + [.null]) }
        return .object(members)
    }

    // MARK: The protocol

    private static let id: JSON = [
        "type": "integer", "description": "Chosen by the client; all that answers a request has its id",
    ]

    private static func members(
        _ properties: [String: JSON], required: [String], _ description: String
    ) -> JSON {
        [
            "type": "object", "properties": .object(properties), "required": .list(required.map(JSON.text)),
            "additionalProperties": false, "description": .text(description),
        ]
    }

    private static func message(_ name: String, _ schema: JSON, _ description: String) -> JSON {
        members(["id": id, name: schema], required: ["id", name], description)
    }

    private static let words: JSON = ["type": "array", "items": ["type": "string"]]

    private static let request: JSON = [
        "description": "What a client says",
        "anyOf": [
            members(
                [
                    "id": id, "argv": words,
                    "width": [
                        "type": "integer", "minimum": 0, "description": "Columns of the terminal, 0 for none",
                    ],
                    "interactive": ["type": "boolean", "description": "Whether a person is there to be asked"],
                ],
                required: ["id", "argv"], "Run a command"),
            message("complete", words, "What could the last word become? Rows of `value` and `summary` answer"),
            message("cancel", ["const": true], "End the command that has this id"),
            message("answer", ["type": ["string", "null"]], "The answer to an `ask`; null when there is none"),
        ],
    ]

    private static let answer: JSON = [
        "description": "What the daemon says",
        "anyOf": [
            members(["hello": ["$ref": "#/$defs/hello"]], required: ["hello"], "Once, at the beginning"),
            message("row", ["type": "object"], "A row of the result; each command's is defined by its name"),
            message("text", ["type": "string"], "Lines for people"),
            message(
                "progress", members(["message": ["type": "string"]], required: ["message"], "What it is doing"),
                "A sign of life of something that takes long"),
            message("event", ["type": "object"], "Something has just happened"),
            message("data", ["type": "string", "contentEncoding": "base64"], "The next bytes of a file"),
            message("ask", ["$ref": "#/$defs/ask"], "A question; the command waits for the answer"),
            message("end", ["$ref": "#/$defs/end"], "The last of every request"),
        ],
    ]

    private static let hello = members(
        [
            "product": ["const": "invited"], "version": ["type": "string"],
            "protocol": ["const": .integer(ServerMessage.Hello.version)],
            "user": ["type": "string", "description": "Who the caller is"],
            "role": ["enum": .list(Role.allCases.map { .text($0.rawValue) })],
            "hosts": [
                "type": ["array", "null"], "items": ["type": "string"],
                "description": "The patterns of hosts that the caller sees; null for all",
            ],
            "registry": ["type": "string", "description": "Tells two versions of the commands apart"],
        ],
        required: ["product", "version", "protocol", "user", "role", "hosts", "registry"],
        "Who the daemon is, and who it takes the caller for")

    private static let ask: JSON = [
        "anyOf": [
            members(
                ["kind": ["enum": ["confirm", "secret"]], "prompt": ["type": "string"]], required: ["kind", "prompt"],
                "`confirm`: only the answer `yes` is one. `secret`: not to be shown while it is typed"),
            members(
                [
                    "kind": ["const": "edit"], "name": ["type": "string"], "text": ["type": "string"],
                    "mistakes": words,
                ],
                required: ["kind", "name", "text", "mistakes"],
                "A text to change: the whole of it is the answer. `mistakes` says what was wrong with the last answer"),
            members(
                ["kind": ["const": "data"], "most": ["type": "integer", "minimum": 1]], required: ["kind", "most"],
                "The next bytes of a file, at most so many, in base64; the empty text at its end"),
        ]
    ]

    private static let end = members(
        [
            "status": ["enum": ["ok", "failed"]],
            "code": ["enum": .list(ResultCode.allCases.map { .text($0.rawValue) })],
            "message": ["type": "string"], "hint": ["type": "string", "description": "What to do about it"],
        ],
        required: ["status", "code", "message"], "How a request ended")
}

extension JSON {
    /// The object with more members.
    fileprivate func adding(_ more: [String: JSON]) -> JSON {
        .object((object ?? [:]).merging(more) { $1 })
    }
}
