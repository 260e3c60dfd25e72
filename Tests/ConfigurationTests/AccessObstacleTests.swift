import Glibc
import Testing

@testable import Configuration

/// Which command lets the daemon's user read, and nothing else.
@Suite struct AccessObstacleTests {
    private let user = DaemonUser(name: "invited", id: 990, group: 991, groupName: "daemons", groups: [991, 992])

    private func remedy(
        _ mode: mode_t, owner: uid_t = 0, group: gid_t = 0, needs needed: mode_t = S_IROTH, path: String = "/f",
        list: Bool = false
    ) -> AccessObstacle.Remedy {
        AccessObstacle(
            path: path, owner: owner, group: group, mode: S_IFREG | mode, needed: needed, hasAccessControlList: list
        ).remedy(for: user)
    }

    @Test func theGroupIsGivenWhereTheUserIsInNone() {
        #expect(remedy(0o600) == .commands(["chgrp daemons /f", "chmod g+r /f"], loser: nil))
        #expect(remedy(0o640) == .commands(["chgrp daemons /f"], loser: nil))
        #expect(remedy(0o700, needs: S_IXOTH) == .commands(["chgrp daemons /f", "chmod g+x /f"], loser: nil))
        #expect(
            remedy(0o700, needs: S_IROTH | S_IXOTH) == .commands(["chgrp daemons /f", "chmod g+rx /f"], loser: nil))
        #expect(remedy(0o710, needs: S_IROTH | S_IXOTH) == .commands(["chgrp daemons /f", "chmod g+r /f"], loser: nil))
    }

    @Test func theUserDoesNotGetWhatTheGroupHadBesides() {
        #expect(remedy(0o660) == .commands(["chmod g=r /f", "chgrp daemons /f"], loser: nil))
        #expect(remedy(0o770, needs: S_IXOTH) == .commands(["chmod g=x /f", "chgrp daemons /f"], loser: nil))
    }

    @Test func theUserKeepsWhatEverybodyHas() {
        #expect(remedy(0o744, needs: S_IXOTH) == .commands(["chgrp daemons /f", "chmod g+x /f"], loser: nil))
        #expect(remedy(0o704, needs: S_IXOTH) == .commands(["chgrp daemons /f", "chmod g+rx /f"], loser: nil))
        #expect(remedy(0o602) == .commands(["chgrp daemons /f", "chmod g+rw /f"], loser: nil))
    }

    @Test func whoLosesSomethingIsTold() {
        #expect(remedy(0o640, group: 4) == .commands(["chgrp daemons /f"], loser: 4))
        #expect(remedy(0o600, group: 4) == .commands(["chgrp daemons /f", "chmod g+r /f"], loser: nil))
    }

    @Test(arguments: [991, 992] as [gid_t]) func theGroupStaysWhereTheUserIsInIt(group: gid_t) {
        #expect(remedy(0o600, group: group) == .commands(["chmod g+r /f"], loser: nil))
        // The group's permissions count also where all other users have more.
        #expect(remedy(0o604, group: group) == .commands(["chmod g+r /f"], loser: nil))
        #expect(
            remedy(0o740, group: group, needs: S_IROTH | S_IXOTH) == .commands(["chmod g+x /f"], loser: nil))
    }

    @Test func theOwnersPermissionsCountForTheOwner() {
        #expect(remedy(0o044, owner: 990) == .commands(["chmod u+r /f"], loser: nil))
    }

    @Test func noCommandIsSaidThatWouldNotHelp() {
        for remedy in [
            remedy(0o640, group: 991), remedy(0o400, owner: 990), remedy(0o600, list: true),
            remedy(0o600, path: "/a\nb"), remedy(0o600, path: "/a\u{202E}b"),
        ] {
            guard case .words = remedy else {
                Issue.record("\(remedy)")
                continue
            }
        }
    }

    @Test(arguments: [
        ("/etc/invited/a-b_c.yaml", "/etc/invited/a-b_c.yaml"), ("/a b", "'/a b'"), ("/it's", "'/it'\\''s'"),
        ("/$(x)`y`;&", "'/$(x)`y`;&'"), ("/é", "'/é'"), ("-x", "'-x'"), ("", "''"),
    ])
    func pathsAreWordsOfAShell(path: String, word: String) {
        #expect(path.shellWord == word)
    }

    @Test func obstaclesAreMendedInOneGo() {
        let obstacles = ["/d", "/d/f"].map { path in
            AccessObstacle(
                path: path, owner: 0, group: 0, mode: 0o600, needed: path == "/d" ? S_IXOTH : S_IROTH,
                hasAccessControlList: false)
        }
        let said = "`invited` may after `chgrp daemons /d && chmod g+x /d && chgrp daemons /d/f && chmod g+r /d/f`"
        #expect(AccessAdvice.text(obstacles, for: user) == said)
    }
}
