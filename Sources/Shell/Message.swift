internal import Foundation

/// What a client says: one JSON object a line.
///
/// The id is a whole number from 1, of the client's choice; no two requests that run at the same time have the same.
/// Each `run` and each `complete` is answered with exactly one `end`.
package enum ClientMessage: Hashable, Sendable {
    /// `{"id":1,"argv":["host","show","example.com"],"width":120,"interactive":true}`: run a command.
    ///
    /// `width` is that of the terminal in columns, 0 for none. `interactive` says that a person is there to be asked.
    case run(id: Int64, argv: [String], width: Int, isInteractive: Bool)
    /// `{"id":1,"complete":["host","show","exa"]}`: what could the last word become? Answered with rows of `value` and
    /// `summary`.
    case complete(id: Int64, words: [String])
    /// `{"id":1,"cancel":true}`: end the command.
    case cancel(id: Int64)
    /// `{"id":1,"answer":"yes"}`: the answer to an `ask`; `null` when there is none. Bytes are in base64.
    case answer(id: Int64, text: String?)
}

/// What the daemon says: one JSON object a line. All but the hello carry the id of the request they answer.
package enum ServerMessage: Hashable, Sendable {
    /// `{"hello":{…}}`, once, at the beginning.
    case hello(Hello)
    /// `{"id":1,"row":{…}}`: a row of the result.
    case row(id: Int64, JSON)
    /// `{"id":1,"text":"…"}`: lines for people.
    case text(id: Int64, String)
    /// `{"id":1,"progress":{"message":"…"}}`: a sign of life of something that takes long.
    case progress(id: Int64, String)
    /// `{"id":1,"event":{…}}`: something has just happened. `{"dropped":12}` replaces so many that were left out.
    case event(id: Int64, JSON)
    /// `{"id":1,"data":"U1FMaXRl"}`: the next bytes of a file, in base64.
    case data(id: Int64, [UInt8])
    /// `{"id":1,"ask":{"kind":"confirm","prompt":"…"}}`: a question. The command waits for the answer.
    case ask(id: Int64, Question)
    /// `{"id":1,"end":{"status":"ok","code":"ok","message":"…","hint":"…"}}`: the last of every request. With the id 0 it
    /// answers a line that is no request, or refuses the session.
    case end(id: Int64, End)

    /// The identity of the daemon, and that of the caller as the daemon sees it.
    package struct Hello: Hashable, Sendable {
        /// The version of this protocol. It is raised when a client of the one before would misunderstand.
        package static let version: Int64 = 1

        package var product = "invited"
        package var version: String
        package var user: String
        package var role: Role
        /// The patterns of hosts that the caller sees; `nil` for all.
        package var hosts: [String]?
        /// ``CommandRegistry/hash`` of the daemon's commands.
        package var registry: String

        package init(version: String, user: String, role: Role, hosts: [String]?, registry: String) {
            self.version = version
            self.user = user
            self.role = role
            self.hosts = hosts
            self.registry = registry
        }
    }

    /// A question to the person at the terminal.
    package enum Question: Hashable, Sendable {
        /// Yes or no. Only the answer `yes` is one.
        case confirm(String)
        /// Something that is not shown while it is typed.
        case secret(String)
        /// A text to change in an editor: the whole of it is the answer. `mistakes` is what was wrong with the last
        /// answer, a line each.
        case edit(name: String, text: String, mistakes: [String])
        /// The next bytes of the file that the command takes, at most so many. The answer is in base64, and empty at the
        /// file's end.
        case data(most: Int)
    }

    /// How a request ended.
    package struct End: Hashable, Sendable {
        package let code: ResultCode
        /// One sentence for people, without a full stop; empty when the rows say it all.
        package let message: String
        package let hint: String?

        package init(_ code: ResultCode, _ message: String = "", hint: String? = nil) {
            self.code = code
            self.message = message
            self.hint = hint
        }

        package init(_ failure: CommandFailure) {
            self.init(failure.code, failure.message, hint: failure.hint)
        }
    }
}

// MARK: - As JSON

extension ClientMessage {
    /// - Throws: ``CommandFailure`` with ``ResultCode/badRequest``.
    package init(_ json: JSON) throws(CommandFailure) {
        guard let id = json["id"]?.integer, id > 0 else {
            throw Self.bad("a request needs an `id`, a whole number from 1")
        }
        if let argv = json["argv"] {
            guard let argv = argv.texts else { throw Self.bad("`argv` is a list of texts") }
            let width = json["width"]?.integer ?? 0
            self = .run(
                id: id, argv: argv, width: Int(min(max(width, 0), 10_000)),
                isInteractive: json["interactive"]?.flag ?? false)
        } else if let words = json["complete"] {
            guard let words = words.texts else { throw Self.bad("`complete` is a list of texts") }
            self = .complete(id: id, words: words)
        } else if json["cancel"]?.flag == true {
            self = .cancel(id: id)
        } else if let answer = json["answer"] {
            self = .answer(id: id, text: answer.text)
        } else {
            throw Self.bad("a request needs `argv`, `complete`, `cancel` or `answer`")
        }
    }

    private static func bad(_ message: String) -> CommandFailure { CommandFailure(.badRequest, message) }

    package var json: JSON {
        switch self {
        case .run(let id, let argv, let width, let isInteractive):
            [
                "id": .integer(id), "argv": .list(argv.map(JSON.text)), "width": .integer(Int64(width)),
                "interactive": .flag(isInteractive),
            ]
        case .complete(let id, let words): ["id": .integer(id), "complete": .list(words.map(JSON.text))]
        case .cancel(let id): ["id": .integer(id), "cancel": true]
        case .answer(let id, let text): ["id": .integer(id), "answer": .optional(text)]
        }
    }
}

extension ServerMessage {
    /// `nil` when the value is no message that this version knows.
    package init?(_ json: JSON) {
        if let hello = json["hello"] {
            guard let version = hello["version"]?.text, let role = hello["role"]?.text.flatMap(Role.init(rawValue:))
            else { return nil }
            self = .hello(
                Hello(
                    version: version, user: hello["user"]?.text ?? "", role: role, hosts: hello["hosts"]?.texts,
                    registry: hello["registry"]?.text ?? ""))
            return
        }
        guard let id = json["id"]?.integer else { return nil }
        if let row = json["row"] {
            self = .row(id: id, row)
        } else if let text = json["text"]?.text {
            self = .text(id: id, text)
        } else if let progress = json["progress"] {
            self = .progress(id: id, progress["message"]?.text ?? "")
        } else if let event = json["event"] {
            self = .event(id: id, event)
        } else if let data = json["data"]?.text.flatMap([UInt8].init(base64:)) {
            self = .data(id: id, data)
        } else if let question = json["ask"].flatMap(Question.init) {
            self = .ask(id: id, question)
        } else if let end = json["end"] {
            // A newer daemon may have codes that this client does not know.
            let code = end["code"]?.text.flatMap(ResultCode.init(rawValue:)) ?? .internal
            self = .end(id: id, End(code, end["message"]?.text ?? "", hint: end["hint"]?.text))
        } else {
            return nil
        }
    }

    package var json: JSON {
        switch self {
        case .hello(let hello):
            [
                "hello": [
                    "product": .text(hello.product), "version": .text(hello.version),
                    "protocol": .integer(Hello.version),
                    "user": .text(hello.user), "role": .text(hello.role.rawValue),
                    "hosts": hello.hosts.map { .list($0.map(JSON.text)) } ?? .null, "registry": .text(hello.registry),
                ]
            ]
        case .row(let id, let row): ["id": .integer(id), "row": row]
        case .text(let id, let text): ["id": .integer(id), "text": .text(text)]
        case .progress(let id, let message): ["id": .integer(id), "progress": ["message": .text(message)]]
        case .event(let id, let event): ["id": .integer(id), "event": event]
        case .data(let id, let bytes): ["id": .integer(id), "data": .text(bytes.base64)]
        case .ask(let id, let question): ["id": .integer(id), "ask": question.json]
        case .end(let id, let end): ["id": .integer(id), "end": end.json]
        }
    }
}

extension ServerMessage.Question {
    init?(_ json: JSON) {
        let prompt = json["prompt"]?.text ?? ""
        switch json["kind"]?.text {
        case "confirm": self = .confirm(prompt)
        case "secret": self = .secret(prompt)
        case "edit":
            self = .edit(
                name: json["name"]?.text ?? "", text: json["text"]?.text ?? "",
                mistakes: json["mistakes"]?.texts ?? [])
        case "data": self = .data(most: Int(min(max(json["most"]?.integer ?? 0, 1), Int64(Self.mostData))))
        default: return nil
        }
    }

    var json: JSON {
        switch self {
        case .confirm(let prompt): ["kind": "confirm", "prompt": .text(prompt)]
        case .secret(let prompt): ["kind": "secret", "prompt": .text(prompt)]
        case .edit(let name, let text, let mistakes):
            ["kind": "edit", "name": .text(name), "text": .text(text), "mistakes": .list(mistakes.map(JSON.text))]
        case .data(let most): ["kind": "data", "most": .integer(Int64(most))]
        }
    }

    /// The most bytes of a file in one message: in base64 they fit into a line.
    package static let mostData = 96 * 1024
}

extension ServerMessage.End {
    package var json: JSON {
        var members: [String: JSON] = [
            "status": code == .ok ? "ok" : "failed", "code": .text(code.rawValue), "message": .text(message),
        ]
        if let hint { members["hint"] = .text(hint) }
        return .object(members)
    }
}

extension [UInt8] {
    /// As base64 (RFC 4648 §4).
    package var base64: String { Data(self).base64EncodedString() }

    /// - Returns: `nil` when the text is not base64, with its padding and nothing else.
    package init?(base64 text: String) {
        guard let data = Data(base64Encoded: text) else { return nil }
        self.init(data)
    }
}
