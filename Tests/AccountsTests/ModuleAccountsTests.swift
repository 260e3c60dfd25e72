import Configuration
import Invites
import Synchronization
import Testing
import XMPP

@testable import Accounts

@Suite struct ModuleAccountsTests {
    private func accounts(
        _ features: Set<ServerModule.Feature> = Set(ServerModule.Feature.allCases),
        _ answer: @escaping FakeServer.Answer
    ) throws -> (any Accounts, FakeServer) {
        let server = FakeServer(answer)
        server.servers.modules.record(try module(features), host: "a.example", sent: nil, among: served)
        return (server.servers.accounts(of: host()), server)
    }

    @Test func everythingIsAskedOfItsAddress() async throws {
        let (accounts, server) = try accounts { _ in .success(nil) }
        #expect(accounts.abilities.provider == .module)
        #expect(
            await accounts.create(NewAccount(username: "juliet", password: "p", clientAddress: "192.0.2.1")) == .done)
        #expect(await accounts.setPassword("p", of: "juliet") == .done(endedSessions: true))
        #expect(await accounts.addContact(Account(localpart: "bob", domain: "b.example"), to: "alice") == .done)
        #expect(await accounts.notify("alice", "news", language: "de") == .done)
        #expect(
            server.commands == [
                .create(username: "juliet", password: "p", address: "192.0.2.1"),
                .password(username: "juliet", password: "p"),
                .contacts(user: "alice", contact: try JID("bob@b.example")),
                .notify(username: "alice", text: "news", language: "de"),
            ])
        #expect(server.asked.withLock { $0.allSatisfy { $0.to?.description == "a.example/m" } })
    }

    @Test func existence() async throws {
        for (answer, expected) in [
            (
                .success(ServerModuleAccount.present(created: 5).payload),
                .present(created: Timestamp(millisecondsSinceEpoch: 5))
            ),
            (.success(ServerModuleAccount.absent.payload), .absent),
            (.success(nil), .unknown("the module's answer says nothing of an account")),
            (.failure(.timeout), .unknown("the server does not answer")),
            // Not that there is no account.
            (.failure(.refused(StanzaError(.itemNotFound))), .unknown("item-not-found")),
        ] as [(Result<Element?, RequestError>, AccountExistence)] {
            let (accounts, _) = try accounts { _ in answer }
            #expect(await accounts.existence(of: "juliet") == expected)
        }
    }

    /// After it was unloaded, or has become another component's, nothing else says so.
    @Test(arguments: [
        StanzaError.Condition.forbidden, .serviceUnavailable, .recipientUnavailable, .remoteServerNotFound,
        .notAuthorized, .itemNotFound,
    ])
    func whoIsGoneIsForgotten(condition: StanzaError.Condition) async throws {
        let (accounts, server) = try accounts { _ in .failure(.refused(StanzaError(condition))) }
        #expect(await accounts.existence(of: "juliet") == .unknown(condition.rawValue))
        #expect(server.servers.modules["a.example"] == nil)
        // By those, too, who have asked meanwhile.
        #expect(await accounts.existence(of: "juliet") == .unknown(condition.rawValue))
        #expect(server.losses.all.withLock { $0 } == ["a.example: \(condition.rawValue)"])
        // It may only be loaded anew: commands, which pass the server's rules by, are not used at once.
        #expect(server.servers.accounts(of: host()) is UnavailableAccounts)
        server.clock.time.withLock { $0 += 10_000 }
        #expect(server.servers.accounts(of: host()).abilities.provider == .commands)
        server.servers.modules.record(try module(), host: "a.example", sent: nil, among: served)
        #expect(server.servers.accounts(of: host()).abilities.provider == .module)
    }

    /// There is no such account, which only a module says.
    @Test func whoKnowsNoAccountIsNotForgotten() async throws {
        let (accounts, server) = try accounts { _ in .failure(.refused(StanzaError(.itemNotFound))) }
        #expect(await accounts.setPassword("p", of: "juliet") == .failed(.absent))
        #expect(server.servers.modules["a.example"] != nil)
    }

    @Test func whoHasSaidHelloAgainIsNotForgotten() async throws {
        let (accounts, server) = try accounts { _ in .failure(.refused(StanzaError(.serviceUnavailable))) }
        let new = try module([.accounts])
        server.servers.modules.record(new, host: "a.example", sent: nil, among: served)
        _ = await accounts.existence(of: "juliet")
        #expect(server.servers.modules["a.example"] == new && server.losses.all.withLock { $0 } == [])
    }

    @Test func failuresAreToldApart() async throws {
        let outcomes: [(RequestError, AccountOutcome)] = [
            (.refused(StanzaError(.conflict)), .taken), (.refused(StanzaError(.itemNotFound)), .absent),
            (.refused(StanzaError(.notAcceptable, text: "too short")), .refused("too short")),
            (.refused(StanzaError(.notAllowed)), .refused(nil)),
            (.refused(StanzaError(.resourceConstraint, text: "wait")), .busy("wait")),
            (.refused(StanzaError(.serviceUnavailable)), .unreachable("service-unavailable")),
            (.refused(StanzaError(.forbidden)), .unreachable("forbidden")),
            (.refused(StanzaError(.internalServerError)), .unknown("internal-server-error")),
            (.timeout, .unknown("the server does not answer")),
            // It may have been sent before.
            (.disconnected, .unknown("the connection was lost")),
        ]
        for (error, expected) in outcomes {
            let (accounts, _) = try accounts { _ in .failure(error) }
            #expect(await accounts.create(NewAccount(username: "juliet", password: "p")) == expected)
        }
    }

    @Test func whatItCannotDoIsNotAsked() async throws {
        let (accounts, server) = try accounts([.accounts]) { _ in .success(nil) }
        #expect(await accounts.notify("alice", "news", language: "en") == .unsupported)
        #expect(await accounts.addContact(Account(localpart: "b", domain: "b.example"), to: "alice") == .unsupported)
        #expect(server.asked.withLock { $0.isEmpty })
    }

    @Test(arguments: ["", String(repeating: "x", count: 65_536), "a\u{0}b", "a\u{7F}b"])
    func aPasswordThatNoServerTakesIsNotSent(_ password: String) async throws {
        for choice in [HostChoice.module, .commands] {
            let server = FakeServer { _ in .success(nil) }
            if choice == .module {
                server.servers.modules.record(try module(), host: "a.example", sent: nil, among: served)
            }
            let accounts = server.servers.accounts(of: host())
            let created = await accounts.create(NewAccount(username: "juliet", password: password))
            guard case .refused(.some) = created else {
                Issue.record("\(created)")
                continue
            }
            let set = await accounts.setPassword(password, of: "juliet")
            guard case .failed(.refused(.some)) = set else {
                Issue.record("\(set)")
                continue
            }
            #expect(server.asked.withLock { $0.isEmpty })
        }
    }

    private enum HostChoice { case module, commands }
}

@Suite struct HostServersTests {
    /// `accounts` selects who makes accounts. The outcome of an attempt is asked of any provider that can answer.
    @Test func theModuleIsAskedAlsoWhereOthersMakeAccounts() async throws {
        let fake = FakeServer { iq in
            guard case .exists? = try? ServerModuleCommand(iq.body) else { return .success(nil) }
            return .success(ServerModuleAccount.absent.payload)
        }
        let nobody = fake.servers.accounts(of: host(.none))
        #expect(await nobody.create(NewAccount(username: "a", password: "p")) == .unsupported)
        fake.servers.modules.record(try module(), host: "a.example", sent: nil, among: served)
        let accounts = fake.servers.accounts(of: host(.none))
        #expect(accounts.abilities.provider == AccountAbilities.Provider.none)
        #expect(accounts.abilities.knowsAccounts && !accounts.abilities.makesAccounts)
        #expect(await accounts.existence(of: "juliet") == .absent)
        #expect(await accounts.addContact(Account(localpart: "bob", domain: "a.example"), to: "alice") == .done)
        #expect(await accounts.notify("alice", "news", language: "en") == .done)
        let asked = fake.commands.count
        #expect(await accounts.create(NewAccount(username: "juliet", password: "p")) == .unsupported)
        #expect(await accounts.setPassword("p", of: "juliet") == .failed(.unsupported))
        #expect(fake.commands.count == asked)
    }

    @Test func aMissingModuleIsMissedAfterAWhile() throws {
        let fake = FakeServer { _ in .success(nil) }
        #expect(fake.servers.misses(moduleOf: host(.module)))
        #expect(!fake.servers.misses(moduleOf: host(.auto)) && !fake.servers.misses(moduleOf: host(.none)))
        fake.servers.connected()
        #expect(!fake.servers.misses(moduleOf: host(.module)))
        fake.clock.time.withLock { $0 += 60_000 }
        fake.servers.modules.record(try module(), host: "a.example", sent: nil, among: served)
        #expect(!fake.servers.misses(moduleOf: host(.module)))
    }

    @Test func whoMakesAccounts() throws {
        let server = FakeServer { _ in .success(nil) }
        func provider(_ choice: AccountsChoice) -> AccountAbilities.Provider {
            server.servers.accounts(of: host(choice)).abilities.provider
        }
        #expect(AccountsChoice.allCases.map(provider) == [.commands, .none, .commands, .none])
        server.servers.modules.record(try module(), host: "a.example", sent: nil, among: served)
        #expect(AccountsChoice.allCases.map(provider) == [.module, .module, .commands, .none])
        // One that makes no accounts still serves streams.
        server.servers.modules.record(try module([.register]), host: "a.example", sent: nil, among: served)
        #expect(AccountsChoice.allCases.map(provider) == [.commands, .module, .commands, .none])
        server.servers.modules.record(try module(version: 3), host: "a.example", sent: nil, among: served)
        #expect(AccountsChoice.allCases.map(provider) == [.commands, .none, .commands, .none])
        server.isConnected.withLock { $0 = false }
        #expect(AccountsChoice.allCases.map(provider) == [.none, .none, .none, .none])
    }

    /// What waits for a server is not given up since the server has not spoken yet.
    @Test func nothingIsImpossibleJustAfterConnecting() async throws {
        let server = FakeServer { _ in .success(nil) }
        server.servers.connected()
        let accounts = server.servers.accounts(of: host())
        guard case .unreachable = await accounts.notify("alice", "news", language: "en") else {
            Issue.record("given up")
            return
        }
        #expect(server.servers.accounts(of: host(.commands)).abilities.provider == .commands)
        #expect(await server.servers.accounts(of: host(.none)).notify("a", "b", language: "en") == .unsupported)
    }

    @Test func modulesAreForgottenWithTheConnection() throws {
        let modules = ServerModules()
        let module = try module()
        let settings = ServerModule.Settings(registration: .open)
        modules.record(module, host: "a.example", sent: settings, among: served)
        #expect(modules.moduleWithout(settings, of: "a.example") == nil)
        let other = ServerModule.Settings(registration: .open, held: ["juliet"])
        #expect(modules.moduleWithout(other, of: "a.example") == module)
        modules.recordSent(other, module, of: "a.example")
        #expect(modules.moduleWithout(other, of: "a.example") == nil)
        for number in 0..<ServerModules.mostOthers + 100 {
            modules.record(module, host: "d\(number).example", sent: nil, among: served)
        }
        #expect(modules.all.count == ServerModules.mostOthers + 1)
        modules.reset()
        #expect(modules.isEmpty)
    }
}
