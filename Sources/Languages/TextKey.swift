/// Every text that people see, each with the name that it has in the files. A new one is a case here, its declaration, and a
/// line in each file.
package enum TextKey: Int, CaseIterable, Hashable, Sendable {
    // The ad-hoc commands (XEP-0401 §4): forms and results.
    case commandService
    case commandInvite
    case commandCreateAccount
    case commandCreateAccountInstructions
    case commandUsername
    case commandRosterSubscription
    case commandChooseHost
    case commandHost
    case commandInvitationLink
    case commandLandingPage
    case commandExpires

    // Why a command refuses a request.
    case refusalOnlyAdmins
    case refusalOnlyUsersOfHost
    case refusalUsernameInvalid
    case refusalUsernameTaken
    case refusalSubscriptionInvalid
    case refusalHostInvalid
    case refusalBusy
    case refusalUnavailable
    case refusalSuspended
    case refusalNoAccounts
    case refusalAccountExists
    case refusalTooManyOpen
    case refusalTooManyDaily
    case refusalTooManyStored
    case refusalPossibleAgain
    case refusalImpossible

    // Messages to users.
    case noticeAccepted
    case noticeUsesLeft
    case noticePasswordReset

    // The language itself.
    case languageName

    // The page of an invite.
    case landingAccount
    case landingAccountBy
    case landingContact
    case landingBoth
    case landingReset
    case landingAccountText
    case landingContactText
    case landingBothText
    case landingResetText
    case landingAbout
    case landingValidDays
    case landingValidHours
    case landingValidMinutes
    case landingValidMoments
    case landingUsesLeft
    case landingNoAccount
    case landingNoAccountText
    case landingOwnAccount
    case landingOwnAccountText
    case landingOpen
    case landingOpenHint
    case landingLink
    case landingCopy
    case landingCopied
    case landingQrCode
    case landingQrCodeText
    case landingAppsHere
    case landingAppsOthers
    case landingAppChoose
    case landingWebChat
    case landingRegisterHere
    case landingApps
    case landingNoAccountAppText
    case landingNoAccountContactText
    case landingOwnApp
    case landingOwnAppText
    case landingAddByHand

    // The page of an app.
    case appInstall
    case appSetUp
    case appReturnHere
    case appRegisterFirst
    case appBack
    case appLogIn

    // Registering, and choosing a new password.
    case formAccount
    case formUsername
    case formUsernameHint
    case formAddress
    case formUsernameFixed
    case formPassword
    case formNewPassword
    case formPasswordHint
    case formShowPassword
    case formCreate
    case formSetPassword
    case formProblems
    case formUsernameMissing
    case formUsernameTaken
    case formUsernameFree
    case formUsernameInvalid
    case formPasswordMissing
    case formPasswordShort
    case formPasswordCommon
    case formPasswordIsUsername
    case formPasswordRefused
    case formOutdated
    case formTerms
    case formPasswordLong
    case formRefused
    case formRefusedBecause
    case formResetKept

    // What a form has led to.
    case successAccount
    case successAddress
    case successLogIn
    case successLogInWith
    case successRemember
    case successContactAdded
    case successContactManual
    case successPassword
    case successPasswordText
    case successSessionsEnded
    case successSessionsRemain
    case successPasswordUnknown
    case successPasswordUnknownText

    // Why an invite or a page does not work, and what to do.
    case problemExpired
    case problemExpiredText
    case problemExpiredDays
    case problemExpiredHours
    case problemExpiredMinutes
    case problemResetExpired
    case problemUsed
    case problemUsedText
    case problemUsedContactText
    case problemResetUsed
    case problemResetUsedText
    case problemResetUsedAdvice
    case problemRevoked
    case problemRevokedText
    case problemResetRevoked
    case problemUnknown
    case problemUnknownText
    case problemSuspended
    case problemSuspendedText
    case problemReserved
    case problemReservedText
    case problemTooMany
    case problemTooManyText
    case problemAway
    case problemAwayText
    case problemMethod
    case problemMethodText
    case problemPage
    case problemPageText
    case problemFailure
    case problemFailureText
    case problemAskInviter
    case problemAskOperators
    case problemTryAgain

    // At the end of each page.
    case footerImprint
    case footerTerms
    case footerPrivacy
    case footerLanguage

    // Times.
    case timeDate
    case timeMoment
    case timeMonth1
    case timeMonth2
    case timeMonth3
    case timeMonth4
    case timeMonth5
    case timeMonth6
    case timeMonth7
    case timeMonth8
    case timeMonth9
    case timeMonth10
    case timeMonth11
    case timeMonth12
}
