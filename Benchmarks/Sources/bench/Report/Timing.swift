/// How long and how often things are measured.
struct Timing {
    var warmUp: Duration
    var duration: Duration
    /// For what answers so slowly that the usual time would count only a few answers.
    var durationOfSlow: Duration
    var rounds: Int
    /// Accounts that are made in one measurement.
    var registrations: Int

    static let full = Timing(
        warmUp: .seconds(2), duration: .seconds(8), durationOfSlow: .seconds(15), rounds: 5, registrations: 500)
    static let quick = Timing(
        warmUp: .milliseconds(500), duration: .seconds(2), durationOfSlow: .seconds(5), rounds: 1, registrations: 150)
}
