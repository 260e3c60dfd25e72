import Glibc
import Text

/// A file or directory whose permissions prevent the daemon's user from reading a file.
struct AccessObstacle: Hashable {
    let path: String
    let owner: uid_t
    let group: gid_t
    let mode: mode_t
    /// What the user has to be allowed there, as the permission bits of others.
    let needed: mode_t
    /// Whether it has an access control list (acl(5)), of which the permission bits show only a part.
    let hasAccessControlList: Bool

    /// How to give the user what is needed, and as little more as the permission bits can say.
    enum Remedy: Hashable {
        /// - Parameter loser: The group that has some rights now and has none afterwards.
        case commands([String], loser: gid_t?)
        /// No command is known; the text says what to do, in words that follow the name of what is to be read.
        case words(String)
    }

    func remedy(for user: DaemonUser) -> Remedy {
        guard let file = path.shellWord else { return .words("its path has characters that no command can show") }
        if hasAccessControlList {
            return .words("the access control list of \(file) has to let `\(user.name)` read it (`getfacl`)")
        }
        let ofOwner = mode >> 6 & 7
        let ofGroup = mode >> 3 & 7
        if owner == user.id { return grant(ofOwner, to: "u", file) }
        if user.groups.contains(group) { return grant(ofGroup, to: "g", file) }
        let give = "chgrp \(user.groupName) \(file)"
        let loser = ofGroup == 0 || group == 0 ? nil : group
        // The bits for others do not apply to the group's members, so the group needs those bits, too.
        let wanted = needed | mode & 7
        if ofGroup & ~wanted != 0 {
            // First, so that the new group does not have the rest even for a moment.
            return .commands(["chmod g=\(Self.letters(wanted)) \(file)", give], loser: loser)
        }
        let missing = wanted & ~ofGroup
        return .commands([give] + (missing == 0 ? [] : ["chmod g+\(Self.letters(missing)) \(file)"]), loser: loser)
    }

    private func grant(_ present: mode_t, to who: String, _ file: String) -> Remedy {
        let missing = needed & ~present
        guard missing != 0 else { return .words("something else than the permissions of \(file) is in the way") }
        return .commands(["chmod \(who)+\(Self.letters(missing)) \(file)"], loser: nil)
    }

    private static func letters(_ bits: mode_t) -> String {
        [(S_IROTH, "r"), (S_IWOTH, "w"), (S_IXOTH, "x")].map { bits & $0 == 0 ? "" : $1 }.joined()
    }
}

extension String {
    /// The text as one word of a shell's command; `nil` where it has characters that are not shown as they are.
    var shellWord: String? {
        guard escapingControls == self, isPrintable else { return nil }
        let isPlain = utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "/._-+:@%,".utf8.contains(byte)
            }
        }
        if isPlain, !isEmpty, utf8.first != UInt8(ascii: "-") { return self }
        let quoted = unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined()
        return "'\(quoted)'"
    }
}
