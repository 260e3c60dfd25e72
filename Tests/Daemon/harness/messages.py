"""What the daemon logs that the tests rely on. The words are the operators' interface: change them here too."""

CONNECTED = "connected to the server"
DISCONNECTED = "disconnected from the server"
REFUSED = "the server refused the component"
RELOADED = "configuration reloaded"
RELOAD_REFUSED = "configuration refused"
HOST_REFUSED = "host refused"
HOST_QUARANTINED = "host quarantined"
HOST_RECOVERED = "host recovered"

REASON_CONFLICT = "conflict"
REASON_WRONG_SECRET = "wrong secret"
