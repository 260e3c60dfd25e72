"""Logins on loopback without TLS, which slixmpp allows only who asks for them, and each version in another way."""

import slixmpp


def connect(client: slixmpp.ClientXMPP, port: int) -> None:
    """Begins to connect to a server on this machine, and to log in to it without TLS."""
    mechanisms = client["feature_mechanisms"]
    mechanisms.unencrypted_plain = mechanisms.unencrypted_scram = True
    if hasattr(client, "enable_plaintext"):  # since 1.9
        client.enable_direct_tls = client.enable_starttls = False
        client.enable_plaintext = True
        client.connect("127.0.0.1", port)
    else:
        client.connect(("127.0.0.1", port), disable_starttls=True, force_starttls=False)
